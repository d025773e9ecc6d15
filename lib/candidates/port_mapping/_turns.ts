import { delay } from "@std/async";

/** How much later each step begins than the one before: most routers have answered by then. */
export const TURN_MS = 100;

/** One of several things to try; aborts `enough` when it has brought what all of them are for. */
export type Step = (enough: AbortController) => Promise<void>;

/**
 * Tries one thing after the other, each soon after the one before, or as soon as all before have failed. Once one says that
 * it is enough, no other is begun. Resolves when all that were begun have ended; rejects with what the first of them rejects with.
 */
export async function inTurn(steps: readonly Step[], { signal }: { signal: AbortSignal }): Promise<void> {
  const enough = new AbortController();
  const over = AbortSignal.any([signal, enough.signal]);
  const begun: Promise<void>[] = [];
  for (const step of steps) {
    if (over.aborted) break;
    begun.push(step(enough));
    await atLatest(Promise.allSettled(begun), over);
  }
  await Promise.allSettled(begun);
  await Promise.all(begun);
}

/** Waits for `event`, or until the next one's turn has come. */
async function atLatest(event: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const waiting = new AbortController();
  const turn = delay(TURN_MS, { signal: AbortSignal.any([signal, waiting.signal]) }).catch(() => {});
  await Promise.race([event, turn]);
  waiting.abort();
}
