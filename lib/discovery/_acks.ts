import { type Clock, pause } from "./clock.ts";

/** Nodes that must have taken a write: BEP 44 stores at eight, and any three can lose two. */
export const QUORUM = 3;
/** How long slow nodes are waited for once there are enough. */
const LATE_MS = 300;

/** What became of writes to several nodes. */
export interface Acks {
  /** Nodes that took it, so far. */
  readonly count: number;
  /** Why others did not. */
  readonly errors: readonly unknown[];
}

/**
 * Counts writes that succeed. Waits for all of them; once there are `QUORUM`, no longer than some more time.
 * Rejects only with `signal.reason`; writes must not be left pending by it.
 */
export async function countAcks(
  writes: readonly Promise<unknown>[],
  clock: Clock,
  signal: AbortSignal,
): Promise<Acks> {
  const acks = { count: 0, errors: [] as unknown[] };
  const enough = Promise.withResolvers<void>();
  const all = Promise.all(writes.map((write) =>
    write.then(() => {
      if (++acks.count >= QUORUM) enough.resolve();
    }, (error) => void acks.errors.push(error))
  ));
  const over = new AbortController();
  const late = enough.promise.then(() => pause(clock, LATE_MS, over.signal)).catch(() => {});
  await Promise.race([all, late]);
  over.abort();
  signal.throwIfAborted();
  return { count: acks.count, errors: [...acks.errors] };
}
