/**
 * Time and chance as discovery sees them, so that a test can run a network of hundreds of nodes in simulated
 * time, the same way each time.
 *
 * @module
 */

/** A source of time, timers and jitter. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds, unless the returned function is called before. */
  schedule(ms: number, run: () => void): () => void;
  /** A number in [0, 1), for jitter and the like, not for secrets. */
  random(): number;
}

/** The clock of this machine. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  random: Math.random,
  schedule(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Waits; rejects with `signal.reason` when aborted, and leaves no timer behind. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const cancel = clock.schedule(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = () => {
      cancel();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
