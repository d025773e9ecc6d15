import { assertEquals, assertRejects } from "@std/assert";
import { SimulatedClock, Simulation } from "./simulation.ts";

Deno.test("SimulatedClock.run() runs timers in order of time, then of birth", async () => {
  const clock = new SimulatedClock();
  const log: string[] = [];
  for (const [ms, name] of [[5, "c"], [1, "a"], [5, "d"], [1, "b"]] as const) {
    clock.schedule(ms, () => log.push(`${name}${clock.now()}`));
  }
  clock.schedule(5, () => log.push("cancelled"))();
  await clock.pass(10);
  assertEquals(log, ["a1", "b1", "c5", "d5"]);
});

Deno.test("SimulatedClock.run() rejects when nothing can settle its promise", async () => {
  const forever = new Promise<void>(() => {});
  await assertRejects(() => new SimulatedClock().run(forever), Error, "no timer is left");
});

Deno.test("Simulation is the same in every run", async () => {
  const runs: unknown[] = [];
  for (let run = 0; run < 2; run++) {
    await using simulation = await Simulation.create(20, { seed: 42, loss: 0.1 });
    runs.push(simulation.nodes.map((node) => [node.id.toHex(), node.stats, node.size]));
  }
  assertEquals(runs[0], runs[1]);
});
