/** Options of {@linkcode inTurns}. */
export interface TurnOptions<T> {
  /** How many are under way at most. */
  readonly jobs: number;
  /** What an item needs for itself alone while it is under way. */
  readonly needs: (item: T) => readonly string[];
  /** Does one. */
  readonly run: (item: T) => Promise<void>;
}

/** Does all items, several at a time, but no two that need the same thing. Rejects with the first error. */
export async function inTurns<T>(items: readonly T[], { jobs, needs, run }: TurnOptions<T>): Promise<void> {
  const waiting = new Set(items);
  const taken = new Set<string>();
  const running = new Set<Promise<void>>();
  const isFree = (item: T) => needs(item).every((need) => !taken.has(need));
  try {
    while (waiting.size + running.size > 0) {
      const next = running.size < jobs ? [...waiting].find(isFree) : undefined;
      if (next === undefined) {
        await Promise.race(running);
        continue;
      }
      waiting.delete(next);
      for (const need of needs(next)) taken.add(need);
      const done = run(next).finally(() => {
        for (const need of needs(next)) taken.delete(need);
        running.delete(done);
      });
      running.add(done);
    }
  } finally {
    await Promise.allSettled(running);
  }
}
