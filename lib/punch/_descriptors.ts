/** Descriptors that everything else needs meanwhile: the DHT, connections, the runtime. */
export const RESERVED = 128;
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

/**
 * Takes descriptors until there are `most` or no more, and gives them back in the same turn of the event loop: some 20 ms for
 * a thousand. Deno tells `RLIMIT_NOFILE` to nobody who lacks `--allow-all`, nor how many are in use.
 */
export function freeDescriptors(most: number): number {
  const taken: Deno.Listener[] = [];
  try {
    while (taken.length < most) taken.push(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  } catch { /* there are no more */ }
  for (const listener of taken) listener.close();
  return taken.length;
}
