/** Options of {@linkcode inTurns}. */
export interface TurnOptions<T> {
  /** How many are under way at most. */
  readonly jobs: number;
  /** What an item needs for itself alone while it is under way. */
  readonly needs: (item: T) => readonly string[];
  /** How long it takes, in proportion to the others. @default 1 for each */
  readonly cost?: (item: T) => number;
  /** Does one. */
  readonly run: (item: T) => Promise<void>;
}

/**
 * Does all items, several at a time, but no two that need the same thing: first those that need what most others wait for, so
 * that no long queue is left at the end. Rejects with the first error.
 */
export async function inTurns<T>(items: readonly T[], options: TurnOptions<T>): Promise<void> {
  const { jobs, needs, run } = options;
  const waiting = new Set(items);
  const taken = new Set<string>();
  const running = new Set<Promise<void>>();
  const isFree = (item: T) => needs(item).every((need) => !taken.has(need));
  try {
    while (waiting.size + running.size > 0) {
      const next = running.size < jobs
        ? mostWanted([...waiting].filter(isFree), waiting, options)
        : undefined;
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

/** Of `free`, the one with the longest queue behind one of its needs; the first of several. */
function mostWanted<T>(
  free: readonly T[],
  waiting: ReadonlySet<T>,
  { needs, cost = () => 1 }: TurnOptions<T>,
): T | undefined {
  const queues = new Map<string, number>();
  for (const item of waiting) {
    for (const need of needs(item)) queues.set(need, (queues.get(need) ?? 0) + cost(item));
  }
  const queue = (item: T) => Math.max(0, ...needs(item).map((need) => queues.get(need)!));
  return free.reduce<T | undefined>(
    (best, item) => best !== undefined && queue(best) >= queue(item) ? best : item,
    undefined,
  );
}
