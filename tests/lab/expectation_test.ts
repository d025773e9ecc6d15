import { assertEquals, assertThrows } from "@std/assert";
import { expectation, isDescribed } from "./expectation.ts";
import { NAT_TYPES, type NatType } from "./nat.ts";

const TYPES = Object.keys(NAT_TYPES) as NatType[];

/** The strategy, `perhaps`, or nothing where there is no path. */
function strategy(serving: NatType, connecting: NatType): string | undefined {
  const expected = expectation(serving, connecting);
  return expected.connects === true ? expected.by : expected.connects || undefined;
}

Deno.test("expectation() knows every network of the lab", () => {
  assertEquals(TYPES.filter((type) => !isDescribed(type)), []);
});

Deno.test("expectation() throws RangeError for a network that it does not know", () => {
  assertThrows(() => expectation("carrier pigeon" as NatType, "port"), RangeError, "carrier pigeon");
});

Deno.test("expectation() is the same whichever side serves, but where it takes time to find out its address", () => {
  const uneven = TYPES.flatMap((a) => TYPES.map((b) => [a, b] as const))
    .filter(([a, b]) => strategy(a, b) !== strategy(b, a));
  assertEquals(uneven.filter((pair) => !pair.includes("pool")), []);
});

Deno.test("expectation() names the strategy that the two NATs take", () => {
  const table: [NatType, NatType, string | undefined][] = [
    ["port", "port", "plain"],
    ["cgnat", "port-rst", "plain"],
    ["open", "sym-rand", "plain"],
    ["fullcone", "sym-rand", "plain"],
    ["addr", "cgnat-sym", "plain"],
    ["lan", "lan", "plain"],
    ["lan", "port", "plain"],
    ["port", "sym-seq", "prediction"],
    ["sym-seq", "sym-seq", "prediction"],
    ["port", "sym-block", "sweep"],
    ["firewall", "sym-rand", "birthday"],
    ["port", "sym-addr", "birthday"],
    ["v6-firewall", "v6-firewall-rst", "plain"],
    ["v6-firewall", "dual-broken", "birthday"],
    ["sym-rand", "sym-rand", undefined],
    ["sym-rand", "sym-seq", undefined],
    ["open", "egress", undefined],
    ["open", "pool-sym", "plain"],
    ["port", "pool", "perhaps"],
    ["pool", "port", "plain"],
    ["pool", "sym-rand", "birthday"],
    ["pool", "pool", "perhaps"],
    ["sym-rand", "pool-sym", "perhaps"],
  ];
  assertEquals(table.map(([a, b]) => [a, b, strategy(a, b)]), table);
});
