/** A part of the matrix that `deno task bench:nat` measures: here every pair is tried once, and has to come to what it must. */
import { assertEquals } from "@std/assert";
import { labTest } from "../lab/lab_test_helper.ts";
import { NAT_TYPES, type NatType } from "../lab/mod.ts";
import { type Cell, isAsExpected, parsePairs, USUAL } from "./_nat_cells.ts";
import { NatStage } from "./_nat_stage.ts";
import { inTurns } from "./_turns.ts";

/** Each strategy both ways, each kind of network on each side, and each reason for a plain no. */
const PAIRS: readonly (readonly [NatType, NatType])[] = [
  ["port", "port"],
  ["port-rst", "port-icmp"],
  ["port-bare", "port-rst"],
  ["port-icmp", "port-noprsv"],
  ["port-noprsv", "port-bare"],
  ["open", "firewall"],
  ["firewall", "cgnat"],
  ["cgnat", "open"],
  ["fullcone", "sym-rand"],
  ["sym-rand", "addr"],
  ["addr", "fullcone"],
  ["port", "sym-seq"],
  ["sym-seq", "port-rst"],
  ["port-rst", "sym-seq2"],
  ["sym-seq2", "cgnat"],
  ["sym-seq", "sym-seq"],
  ["port", "sym-block"],
  ["sym-block", "firewall"],
  ["port", "sym-rand"],
  ["sym-rand", "port-rst"],
  ["sym-addr", "port"],
  ["cgnat", "sym-addr"],
  ["cgnat-sym", "port"],
  ["firewall", "cgnat-sym"],
  ["lan", "lan"],
  ["lan2", "lan2"],
  ["hairpin", "hairpin"],
  ["dual", "v6-firewall"],
  ["v6-firewall", "v6-firewall-rst"],
  ["v6-firewall-rst", "dual-broken"],
  ["dual-broken", "dual"],
  ["upnp", "sym-rand"],
  ["sym-rand", "upnp-natpmp"],
  ["upnp-igd", "sym-block"],
  ["sym-seq", "upnp-pcp"],
  ["upnp-pcp", "upnp-igd"],
  ["upnp-natpmp", "upnp"],
  ["upnp-cgnat", "upnp-squat"],
  ["upnp-squat", "upnp-cgnat"],
  ["open", "pool-sym"],
  ["pool", "open"],
  ["pool-sym", "fullcone"],
  ["fullcone", "pool"],
  ["pool-pair", "pool-pair"],
  ["sym-rand", "sym-rand"],
  ["cgnat-sym", "sym-block"],
  ["sym-seq", "sym-rand"],
  ["port", "egress"],
  ["egress", "port"],
];

labTest("Every kind of network connects where it can, and says so where it cannot", async (t) => {
  const cells: Cell[] = PAIRS.map(([serving, connecting]) => ({ serving, connecting, conditions: USUAL }));
  await using stage = await NatStage.open(Object.keys(NAT_TYPES) as NatType[]);
  await stage.setConditions(USUAL);
  const came = new Map<Cell, string>();
  await inTurns(cells, {
    jobs: 3,
    needs: ({ serving, connecting }) => [`serving ${serving}`, `connecting ${connecting}`],
    run: async (cell) => void came.set(cell, (await stage.run(cell)).outcome),
  });
  for (const cell of cells) {
    await t.step(`${cell.serving} – ${cell.connecting}`, () => {
      const outcome = came.get(cell)!;
      const must = isAsExpected(cell, { outcome: "connected", overMs: 0 }) ? "connected" : "no-direct-path";
      assertEquals(outcome, must);
    });
  }
});

Deno.test("The part of the matrix that is tested has every kind of network on both sides", () => {
  const types = Object.keys(NAT_TYPES).sort();
  for (const side of [0, 1] as const) assertEquals([...new Set(PAIRS.map((p) => p[side]))].sort(), types);
});

Deno.test("parsePairs() reads names with dashes, and refuses those that it does not know", () => {
  const cell = (serving: NatType, connecting: NatType) => ({ serving, connecting, conditions: USUAL });
  const fits = parsePairs("port-rst-sym-seq,*-open");
  assertEquals([
    fits(cell("port-rst", "sym-seq")),
    fits(cell("lan", "open")),
    fits(cell("port", "sym-seq")),
  ], [true, true, false]);
});
