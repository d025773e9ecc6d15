import { deadline } from "@std/async";
import type { Discovery } from "./discovery/mod.ts";
import { addressFamily, type Endpoint, formatEndpoint } from "./endpoint.ts";
import { resolveServers } from "./netcheck/mod.ts";

/** Two places to look from tell whether a NAT gives each destination another port. */
const ENOUGH = 2;
/** How long the DHT may take to name some, where the list alone is not enough. */
const PATIENCE_MS = 1000;

/**
 * Whom to ask what our NAT does to TCP, over IPv4: the servers that are listed, and observers that the DHT knows of, by
 * turns, each once. The DHT is waited for only where too few of the list are known by an address; else those that it found before
 * are taken, and it is asked for the next time. An empty list asks nobody. Rejects only with `signal.reason`.
 */
export async function listObservers(
  discovery: Pick<Discovery, "observers">,
  listed: readonly Endpoint[],
  signal: AbortSignal,
): Promise<Endpoint[]> {
  signal.throwIfAborted();
  if (listed.length === 0) return [];
  let found: readonly Endpoint[] = [];
  const finding = discovery.observers().then((all) => void (found = all), () => {});
  const servers = (await resolveServers(listed, signal)).filter(isIPv4);
  signal.throwIfAborted();
  if (servers.length < ENOUGH) await deadline(finding, PATIENCE_MS, { signal }).catch(() => {});
  signal.throwIfAborted();
  const all = byTurns(servers, found.filter(isIPv4));
  return [...new Map(all.map((server) => [formatEndpoint(server), server])).values()];
}

function isIPv4({ hostname }: Endpoint): boolean {
  return addressFamily(hostname) === 4;
}

function byTurns<T>(some: readonly T[], others: readonly T[]): T[] {
  const turns = Array.from({ length: Math.max(some.length, others.length) }, (_, i) => [some[i], others[i]]);
  return turns.flat().filter((one) => one !== undefined);
}
