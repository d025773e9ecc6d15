/** Loopback addresses, the more usual one first. */
const LOOPBACK = [{ address: "127.0.0.1", family: 4 }, { address: "::1", family: 6 }] as const;

/**
 * Where to look for a host: itself, or both loopback addresses for `localhost`. Programs listen at one or the other, and not
 * every system's resolver names both.
 */
export function addressesOf(hostname: string): readonly string[] {
  return hostname === "localhost" ? LOOPBACK.map(({ address }) => address) : [hostname];
}

/** The same for `node:net`, which tries one after the other. */
export function lookupLocalhost(
  _hostname: string,
  options: { all?: boolean | undefined },
  done: (error: null, address: string | { address: string; family: number }[], family?: number) => void,
): void {
  if (options.all) done(null, LOOPBACK.map((one) => ({ ...one })));
  else done(null, LOOPBACK[0].address, LOOPBACK[0].family);
}
