import { inputOf, type Outcome } from "./_run.ts";
import { TARGETS } from "./_targets.ts";
import type { Order, Report } from "./_worker.ts";

/** No case takes so long, however busy the machine is. */
const HANGS_AFTER_MS = 120_000;
const LOOK_MS = 1_000;

/** What {@linkcode fuzzInWorker} is to do. */
export interface Wish extends Omit<Order, "counter"> {
  /** A case that takes longer never ends. @default {120_000} */
  readonly hangsAfterMs?: number;
}

/** Fuzzes a target in a worker; a case that never ends is a finding like any other. Rejects if the worker fails. */
export async function fuzzInWorker({ hangsAfterMs = HANGS_AFTER_MS, ...order }: Wish): Promise<Outcome> {
  const counter = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const worker = new Worker(new URL("_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const start = performance.now();
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if ("outcome" in data) resolve(data.outcome);
    else reject(new Error(`Cannot fuzz ${order.name}: ${data.error}`));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot fuzz ${order.name}: ${event.message}`));
  };
  const stop = whenStuck(new Int32Array(counter), hangsAfterMs, (begun) => {
    worker.terminate();
    resolve(stuck(order, begun, performance.now() - start));
  });
  worker.postMessage({ ...order, counter } satisfies Order);
  try {
    return await promise;
  } finally {
    stop();
    worker.terminate();
  }
}

/** Calls `onStuck` when the number of cases stays the same for too long. */
function whenStuck(counter: Int32Array, ms: number, onStuck: (begun: number) => void): () => void {
  let [seen, at] = [0, performance.now()];
  const timer = setInterval(() => {
    const begun = Atomics.load(counter, 0);
    if (begun !== seen) [seen, at] = [begun, performance.now()];
    else if (performance.now() - at > ms) onStuck(begun);
  }, Math.min(LOOK_MS, ms));
  return () => clearInterval(timer);
}

async function stuck({ name, seed }: Omit<Order, "counter">, begun: number, ms: number): Promise<Outcome> {
  const target = TARGETS.find((one) => one.name === name)!;
  const input = begun === 0 ? "none: it could not even begin" : await inputOf(target, seed, begun - 1);
  const finding = { seed, cases: begun, input, error: "It never ends" };
  return { name, seed, cases: begun, ms, slowestMs: ms, finding };
}
