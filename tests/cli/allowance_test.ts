import { assertEquals } from "@std/assert";
import { Allowance } from "../../cli/_allowance.ts";

Deno.test("Allowance.take() gives a burst, then so many a second, and saves up no more than the burst", () => {
  let now = 0;
  const allowance = new Allowance(3, 2, () => now);
  const taken = () => Array.from({ length: 5 }, () => allowance.take());
  assertEquals(taken(), [true, true, true, false, false]);
  now = 499;
  assertEquals(allowance.take(), false);
  now = 500;
  assertEquals([allowance.take(), allowance.take()], [true, false]);
  now = 3_600_000;
  assertEquals(taken(), [true, true, true, false, false]);
});
