import { assertEquals } from "@std/assert";
import { isStarved, Machine, strainText } from "./_machine.ts";

/** One whose timer comes so late each time. */
function machineOf(lates: readonly number[]) {
  const time = { now: 0, waited: 0 };
  const machine = new Machine({ now: () => time.now, waited: () => time.waited });
  const later = (lateMs: number) => {
    time.now += 250 + lateMs;
    time.waited += (250 + lateMs) / 2;
    machine.tick();
  };
  lates.forEach(later);
  return { machine, time, later };
}

Deno.test("a machine with time for all has its timers in time", () => {
  const { machine } = machineOf([0, 0, 0, 0]);
  assertEquals(machine.since(0), { overdue: 0, mostMs: 0, waiting: 0.5 });
  assertEquals(isStarved(machine.overall), false);
});

Deno.test("since() tells of what was then, and not of what was before", () => {
  const { machine, later, time } = machineOf([0, 3000, 0]);
  assertEquals(isStarved(machine.overall), true);
  const since = time.now;
  for (let i = 0; i < 40; i++) later(0);
  assertEquals(machine.since(since), { overdue: 0, mostMs: 0, waiting: 0.5 });
  assertEquals(machine.overall.mostMs, 3000);
});

Deno.test("a timer that is overdue and has not come yet counts", () => {
  const { machine, time } = machineOf([0]);
  time.now += 250 + 5000;
  assertEquals(machine.since(250).mostMs, 5000);
  assertEquals(machine.overall.mostMs, 5000);
});

Deno.test("many short delays starve processes as well as a long one", () => {
  assertEquals(isStarved(machineOf(Array(20).fill(20)).machine.overall), false);
  assertEquals(isStarved(machineOf(Array(20).fill(100)).machine.overall), true);
});

Deno.test("what is asked about hours ago is told of what is still known", () => {
  const { machine, later } = machineOf([9000]);
  for (let i = 0; i < 6000; i++) later(0);
  assertEquals(machine.since(0), { overdue: 0, mostMs: 0, waiting: 0.5 });
  assertEquals(machine.overall.mostMs, 9000);
});

Deno.test("a kernel that does not tell who waits is no failure", () => {
  const machine = new Machine({ now: () => 0, waited: () => undefined });
  assertEquals(strainText(machine.overall), "timers overdue for 0 % of the time, 0 ms at most");
});
