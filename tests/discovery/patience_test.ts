import { assertEquals } from "@std/assert";
import { lateAfterMs } from "../../lib/discovery/_patience.ts";

Deno.test("lateAfterMs() grants three round trips, and 150 ms to the fastest", () => {
  assertEquals([0, 10, 50, 51, 400].map(lateAfterMs), [150, 150, 150, 153, 1200]);
});
