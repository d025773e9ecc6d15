import { assertEquals, assertRejects } from "@std/assert";
import { pause, SYSTEM_CLOCK } from "../../lib/discovery/clock.ts";
import { SimulatedClock } from "../simulation.ts";

Deno.test("pause() waits for its time", async () => {
  const clock = new SimulatedClock();
  await clock.run(pause(clock, 1_234, new AbortController().signal));
  assertEquals(clock.now(), 1_234);
});

Deno.test("pause() ends with the signal's reason and leaves no timer", async () => {
  const aborter = new AbortController();
  const waiting = pause(SYSTEM_CLOCK, 1_000_000, aborter.signal);
  const reason = new Error("enough");
  aborter.abort(reason);
  assertEquals(await assertRejects(() => waiting), reason);
  assertEquals(await assertRejects(() => pause(SYSTEM_CLOCK, 1_000_000, aborter.signal)), reason);
});

Deno.test("SYSTEM_CLOCK.schedule() calls back, or not when cancelled", async () => {
  const calls: string[] = [];
  const cancel = SYSTEM_CLOCK.schedule(0, () => calls.push("cancelled"));
  cancel();
  const before = SYSTEM_CLOCK.now();
  await new Promise<void>((resolve) => SYSTEM_CLOCK.schedule(2, resolve));
  assertEquals(calls, []);
  assertEquals(SYSTEM_CLOCK.now() > before, true);
});
