import { assertEquals, assertThrows } from "@std/assert";
import { numberReader, refuseUnknown } from "./task.ts";

Deno.test("numberReader() takes numbers within their limits, and says what is wrong with others", () => {
  const read = numberReader("measure");
  const limits = { min: 1, max: 9 };
  assertEquals([read("runs", "1", limits), read("runs", "2.5", limits)], [1, 2.5]);
  for (const text of ["", " ", "x", "0", "10", "NaN", "1e9"]) {
    assertThrows(
      () => read("runs", text, limits),
      SyntaxError,
      `--runs must be a number from 1 to 9, current value is "${text}"`,
    );
  }
  assertEquals(read("runs", "2", { ...limits, whole: true }), 2);
  assertThrows(() => read("runs", "2.5", { ...limits, whole: true }), SyntaxError, "a whole number");
});

Deno.test("refuseUnknown() names the flag, and what cannot be done", () => {
  assertThrows(() => refuseUnknown("soak")("--foo"), SyntaxError, 'Cannot soak: there is no "--foo"');
});
