import { assertEquals, assertThrows } from "@std/assert";
import { readDuration } from "../../cli/_duration.ts";
import { UsageError } from "../../cli/_exit.ts";

Deno.test("readDuration() reads seconds, minutes, hours and days", () => {
  const table: [text: string, ms: number][] = [["90s", 90_000], ["30m", 1_800_000], ["12h", 43_200_000]];
  for (const [text, ms] of table) assertEquals(readDuration("for", text), ms);
  assertEquals(readDuration("for", "366d"), 366 * 86_400_000);
});

Deno.test("readDuration() refuses everything else, and names the flag", () => {
  for (const text of ["", "0s", "1", "h", "1.5h", "-1d", "1w", "1 h", "1h ", "367d", "9999999999s", "1e3s"]) {
    assertThrows(() => readDuration("for", text), UsageError, "--for is not valid");
  }
});
