import { assertEquals, assertNotEquals } from "@std/assert";
import { Occupancy } from "../lib/occupancy.ts";

Deno.test("Occupancy is full for one address while it has room for others", () => {
  const occupancy = new Occupancy(3, 2);
  const leave = occupancy.enter("a")!;
  assertNotEquals(occupancy.enter("a"), null);
  assertEquals(occupancy.enter("a"), null);
  assertNotEquals(occupancy.enter("b"), null);
  assertEquals(occupancy.enter("c"), null);
  leave();
  assertNotEquals(occupancy.enter("c"), null);
  assertEquals(occupancy.enter("a"), null);
});
