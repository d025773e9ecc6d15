/** Descriptors that everything else needs meanwhile: the DHT, connections, the runtime. */
const RESERVED = 128;
/** So many sockets are worth a try even where nearly no descriptors are left. */
const LEAST = 16;

/**
 * How many of the `wanted` sockets one volley may hold, so that descriptors are left for everything else.
 *
 * @param free Counts descriptors that are free now, up to a number; for tests.
 */
export function descriptorBudget(wanted: number, free: (most: number) => number = freeDescriptors): number {
  return Math.min(wanted, Math.max(LEAST, free(wanted + RESERVED) - RESERVED));
}

/** Connections for which room is looked for at once: looking takes some milliseconds. */
const STEP = 64;
/** Where there was none, we look again after so long. */
const LOOK_AGAIN_MS = 1000;

/**
 * Tells whether so many connections can be held at once and descriptors are left for everything else: a process without any
 * cannot even look up a file, and `Deno.serve` stops for good. What is known to fit is not looked for again.
 *
 * @param each Descriptors that one of them takes.
 */
export function roomFor(
  each: number,
  { free = freeDescriptors, now = () => performance.now() } = {},
): (total: number) => boolean {
  let fitting = 0;
  let lookedAt = -Infinity;
  return (total) => {
    if (total <= fitting) return true;
    if (now() - lookedAt < LOOK_AGAIN_MS) return false;
    const more = Math.floor((free(STEP * each + RESERVED) - RESERVED) / each);
    fitting = Math.max(LEAST, total - 1 + more);
    if (more < STEP) lookedAt = now();
    return total <= fitting;
  };
}

/**
 * Takes descriptors until there are `most` or no more, and gives them back in the same turn of the event loop: some 20 ms for
 * a thousand. Deno tells `RLIMIT_NOFILE` to nobody who lacks `--allow-all`, nor how many are in use.
 */
function freeDescriptors(most: number): number {
  const taken: Deno.Listener[] = [];
  try {
    while (taken.length < most) taken.push(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  } catch { /* there are no more */ }
  for (const listener of taken) listener.close();
  return taken.length;
}
