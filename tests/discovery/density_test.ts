import { assert, assertEquals } from "@std/assert";
import { nodeIdFor } from "../../lib/discovery/bep42.ts";
import { distance } from "../../lib/discovery/contacts.ts";
import { idWithin, reachOf } from "../../lib/discovery/density.ts";
import { RoutingTable } from "../../lib/discovery/table.ts";
import { seededRandom } from "../simulation.ts";

const OWN = new Uint8Array(20);

/** A table that knows `count` of the nodes of a network, those closest to us. */
function tableOf(count: number, seed: number): RoutingTable {
  const random = seededRandom(seed);
  const table = new RoutingTable(OWN);
  for (let i = 0; i < count; i++) {
    const hostname = `${20 + (i >> 8)}.${i & 255}.0.1`;
    const id = nodeIdFor(hostname, Uint8Array.from({ length: 20 }, () => 256 * random()));
    table.heard({ id, hostname, port: 6881 }, true, 0);
  }
  return table;
}

Deno.test("reachOf() is how far eight neighbours are: about 8 / n of the id space in a network of n nodes", () => {
  for (const n of [20, 60, 200]) {
    const shares = Array.from(
      { length: 40 },
      (_, seed) => parseInt(reachOf(tableOf(n, seed))!.slice(0, 8), 16),
    );
    const mean = shares.reduce((sum, share) => sum + share) / shares.length / 2 ** 32;
    assert(Math.abs(mean * n / 8 - 1) < 0.2, `${n}: ${mean * n}`);
  }
});

Deno.test("reachOf() gives nothing while fewer than eight neighbours are known", () => {
  assertEquals(reachOf(tableOf(7, 1)), undefined);
  assertEquals(typeof reachOf(tableOf(8, 1)), "string");
});

Deno.test("reachOf() counts no ids that do not fit, one node of each network, and none that never answered", () => {
  const table = tableOf(8, 1);
  const reach = reachOf(table);
  const [closest] = table.closest(OWN);
  const near = Uint8Array.from(OWN);
  for (let i = 1; i < 15; i++) {
    near[19] = i;
    table.heard({ id: near, hostname: `60.${i}.0.1`, port: 1 }, true, 0); // BEP 42 forbids it
    table.heard({ id: nodeIdFor(closest!.hostname, near), hostname: closest!.hostname, port: i }, true, 0);
    table.heard({ id: nodeIdFor(`61.${i}.0.1`, near), hostname: `61.${i}.0.1`, port: 1 }, false, 0);
  }
  assert(distance(OWN, OWN) < reachOf(table)!);
  assertEquals(reachOf(table), reach);
});

Deno.test("idWithin() gives ids that are closer to the target than the reach, and no closer than chance has it", () => {
  const random = seededRandom(5);
  const target = Uint8Array.from({ length: 20 }, () => 256 * random());
  for (const reach of ["ffffffff".padEnd(40, "f"), "20000000".padEnd(40, "0"), "00ff0000".padEnd(40, "0")]) {
    const all = Array.from({ length: 200 }, () => distance(idWithin(target, reach, random), target));
    assert(all.every((far) => far < reach));
    const share = (far: string) => parseInt(far.slice(0, 8), 16) / parseInt(reach.slice(0, 8), 16);
    assert(Math.abs(all.reduce((sum, far) => sum + share(far), 0) / 200 - 0.5) < 0.1);
  }
});
