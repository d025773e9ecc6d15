import { assertEquals, assertRejects } from "@std/assert";
import { countAcks } from "../../lib/discovery/_acks.ts";
import { pause } from "../../lib/discovery/clock.ts";
import { SimulatedClock } from "../simulation.ts";

const never = new AbortController().signal;

function later(clock: SimulatedClock, ms: number, error?: Error): Promise<void> {
  return pause(clock, ms, never).then(() => {
    if (error) throw error;
  });
}

Deno.test("countAcks() waits for all writes while there are few acknowledgements", async () => {
  const clock = new SimulatedClock();
  const error = new Error("refused");
  const writes = [later(clock, 50), later(clock, 60, error), later(clock, 2000)];
  assertEquals(await clock.run(countAcks(writes, clock, never)), { count: 2, errors: [error] });
  assertEquals(clock.now(), 2000);
});

Deno.test("countAcks() waits no longer than 300 ms once there are three", async () => {
  const clock = new SimulatedClock();
  const writes = [50, 60, 70, 200, 2000].map((ms) => later(clock, ms));
  assertEquals((await clock.run(countAcks(writes, clock, never))).count, 4);
  assertEquals(clock.now(), 370);
});

Deno.test("countAcks() of nothing is nothing", async () => {
  assertEquals(await countAcks([], new SimulatedClock(), never), { count: 0, errors: [] });
});

Deno.test("countAcks() rejects with the reason when the writes were aborted", async () => {
  const clock = new SimulatedClock();
  const over = new AbortController();
  const writes = [1, 2].map(() => pause(clock, 2000, over.signal));
  const counting = countAcks(writes, clock, over.signal);
  over.abort(new Error("enough"));
  await assertRejects(() => counting, Error, "enough");
});
