/**
 * Fuzzes one target in a thread of its own, so that a case that never ends stops nobody but itself.
 *
 * @module
 */
import { fuzz, type FuzzOptions, type Outcome } from "./_run.ts";
import { TARGETS } from "./_targets.ts";

/** What a worker is told. */
export interface Order extends Pick<FuzzOptions, "cases" | "seed"> {
  readonly name: string;
  /** How long it may take. */
  readonly ms: number;
  /** One number, shared: how many cases have begun. */
  readonly counter: SharedArrayBuffer;
}

/** What it says when it is done. */
export type Report = { readonly outcome: Outcome } | { readonly error: string };

const scope = globalThis as unknown as {
  postMessage(report: Report): void;
  onmessage: (event: MessageEvent<Order>) => void;
};

scope.onmessage = async ({ data: { name, cases, seed, ms, counter } }) => {
  const begun = new Int32Array(counter);
  const target = TARGETS.find((one) => one.name === name)!;
  const onCase = () => void Atomics.add(begun, 0, 1);
  try {
    const outcome = await fuzz(target, { cases, seed, until: performance.now() + ms, onCase });
    scope.postMessage({ outcome });
  } catch (error) {
    scope.postMessage({ error: error instanceof Error ? error.stack ?? error.message : String(error) });
  }
};
