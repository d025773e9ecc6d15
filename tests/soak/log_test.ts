import { assertEquals } from "@std/assert";
import { SoakLog } from "./_log.ts";
import { Machine } from "./_machine.ts";

function logOn({ lateMs = 0 } = {}): SoakLog {
  let now = performance.now();
  const machine = new Machine({ now: () => now, waited: () => undefined });
  now += 250 + lateMs;
  machine.tick();
  return new SoakLog(machine);
}

const question = (more = {}) => ({ what: "a question", came: "reset", since: 0, ...more });

Deno.test("a failure is unexplained if nothing was wrong and the machine had time", () => {
  const log = logOn();
  log.fail(question());
  assertEquals([log.unexplained.length, log.troubled.length, log.starved.length], [1, 0, 0]);
});

Deno.test("what was wrong meanwhile explains a failure, and stands beside it", () => {
  const log = logOn({ lateMs: 9000 });
  log.fail(question({ explained: ["both NATs forget"] }));
  assertEquals(log.troubled.map(({ explained }) => explained), [["both NATs forget"]]);
  assertEquals(log.troubled[0]!.machine?.mostMs, 9000);
  assertEquals([log.unexplained.length, log.starved.length], [0, 0]);
});

Deno.test("a failure is told apart where the processes were kept waiting, and not left out", () => {
  const log = logOn({ lateMs: 9000 });
  log.fail(question());
  assertEquals(log.starved.map(({ machine }) => machine?.mostMs), [9000]);
  assertEquals(log.unexplained, []);
});

Deno.test("the log does not grow with all that is said of a thousand failures", () => {
  const log = logOn();
  for (let i = 0; i < 1000; i++) log.fail(question({ said: "much" }));
  assertEquals(log.unexplained.length, 1000);
  assertEquals(log.unexplained.filter(({ said }) => said !== undefined).length, 40);
});

Deno.test("questions are counted by what was wrong", () => {
  const log = logOn();
  log.question([], true);
  log.question([], false);
  log.question(["loss", "both NATs forget"], true);
  assertEquals([...log.questions], [
    ["", { attempted: 2, succeeded: 1 }],
    ["loss, both NATs forget", { attempted: 1, succeeded: 1 }],
  ]);
});
