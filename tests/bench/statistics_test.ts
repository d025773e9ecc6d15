import { assertAlmostEquals, assertThrows } from "@std/assert";
import { slope } from "./_statistics.ts";

Deno.test("slope() is that of the line through the points, or between them", () => {
  assertAlmostEquals(slope([[0, 5], [1, 7], [2, 9]]), 2);
  assertAlmostEquals(slope([[0, 0], [1, 1], [2, 0], [3, 1]]), 0.2);
  assertThrows(() => slope([[0, 5]]), RangeError);
});
