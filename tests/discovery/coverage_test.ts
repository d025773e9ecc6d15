import { assertEquals } from "@std/assert";
import { commonBits, Coverage, idAt } from "../../lib/discovery/coverage.ts";
import { RoutingTable } from "../../lib/discovery/table.ts";
import { seededRandom, SimulatedClock } from "../simulation.ts";

const OWN = Uint8Array.fromHex("b7c1d2e3f4a5968778695a4b3c2d1e0f00112233");

const RANDOM = seededRandom(9);

/** A table with the given number of confirmed nodes in each part. */
function table(counts: Record<number, number>): RoutingTable {
  const made = new RoutingTable(OWN);
  let n = 0;
  for (const [bits, count] of Object.entries(counts)) {
    for (let i = 0; i < count; i++) {
      made.heard({ id: idAt(OWN, Number(bits), RANDOM), hostname: "203.0.113.1", port: ++n }, true, 0);
    }
  }
  return made;
}

Deno.test("idAt() gives ids with just so many bits in common", () => {
  for (const bits of [0, 1, 7, 8, 9, 31, 159]) {
    for (let i = 0; i < 20; i++) assertEquals(commonBits(idAt(OWN, bits, RANDOM), OWN), bits);
  }
  assertEquals(commonBits(OWN, OWN), 160);
});

Deno.test("Coverage.next() leads to the farthest sparse part, then to the next", () => {
  const coverage = new Coverage(new SimulatedClock());
  const of = table({ 0: 20, 1: 7, 2: 9, 3: 3, 20: 8 });
  const parts = Array.from({ length: 3 }, () => coverage.next(of)).map((id) => id && commonBits(id, OWN));
  assertEquals(parts, [1, 3, undefined]); // beyond are our closest 8
});

Deno.test("Coverage.next() tries a part again after 15 minutes if it is still sparse", async () => {
  const clock = new SimulatedClock();
  const coverage = new Coverage(clock);
  const of = table({ 0: 3, 9: 8 });
  while (coverage.next(of));
  await clock.pass(15 * 60_000 - 1);
  assertEquals(coverage.next(of), undefined);
  await clock.pass(1);
  assertEquals(commonBits(coverage.next(of)!, OWN), 0);
});

Deno.test("Coverage.next() is content with a full table and with a tiny network", () => {
  const coverage = new Coverage(new SimulatedClock());
  assertEquals(coverage.next(table({ 0: 20, 1: 20, 2: 8 })), undefined);
  assertEquals(coverage.next(table({ 0: 3, 1: 2 })), undefined);
  assertEquals(coverage.next(table({})), undefined);
});

Deno.test("Coverage.next() does not count nodes that never answered", () => {
  const of = table({ 0: 7, 1: 8, 2: 8 });
  of.heard({ id: idAt(OWN, 0, RANDOM), hostname: "203.0.113.1", port: 999 }, false, 0);
  assertEquals(commonBits(new Coverage(new SimulatedClock()).next(of)!, OWN), 0);
});
