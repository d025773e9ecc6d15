import { assert, assertEquals, assertRejects } from "@std/assert";
import { inTurn, TURN_MS } from "../../../lib/candidates/port_mapping/_turns.ts";

const OPEN = () => new AbortController().signal;

Deno.test("inTurn() begins each step while the one before is still running", async () => {
  const first = Promise.withResolvers<void>();
  const begunMs: number[] = [];
  const startMs = performance.now();
  const note = () => begunMs.push(performance.now() - startMs);
  const steps = [
    () => (note(), first.promise),
    () => (note(), Promise.resolve(first.resolve())),
  ];
  await inTurn(steps, { signal: OPEN() });
  assertEquals(begunMs.length, 2);
  assert(begunMs[1]! >= TURN_MS - 1);
});

Deno.test("inTurn() begins the next step at once where all before have ended", async () => {
  const order: string[] = [];
  const steps = ["a", "b", "c"].map((name) => () => Promise.resolve(void order.push(name)));
  await inTurn(steps, { signal: OPEN() });
  assertEquals(order, ["a", "b", "c"]);
});

Deno.test("inTurn() begins no step after one has said that it is enough, and waits for those that were begun", async () => {
  const slow = Promise.withResolvers<void>();
  const order: string[] = [];
  await inTurn([
    async () => {
      await slow.promise;
      order.push("slow");
    },
    (enough) => {
      enough.abort();
      order.push("enough");
      queueMicrotask(slow.resolve);
      return Promise.resolve();
    },
    () => Promise.resolve(void order.push("never")),
  ], { signal: OPEN() });
  assertEquals(order, ["enough", "slow"]);
});

Deno.test("inTurn() begins no step after the signal, and rejects with what a step rejects with", async () => {
  const closing = new AbortController();
  const reason = new Error("closed");
  const { promise, reject } = Promise.withResolvers<void>();
  closing.signal.addEventListener("abort", () => reject(reason));
  let begun = 0;
  const steps = [() => promise, () => Promise.resolve(void begun++)];
  queueMicrotask(() => closing.abort(reason));
  await assertRejects(() => inTurn(steps, { signal: closing.signal }), Error, "closed");
  assertEquals(begun, 0);
});
