import type { Observation } from "../discovery/mod.ts";
import { canonicalAddress, type Endpoint, operatorPrefix } from "../endpoint.ts";
import { type Mapping, type Nat, natOf } from "../nat.ts";

/** How the network sees us, by the votes of its nodes. */
export interface Reflection {
  /** Our UDP endpoint as most observers see it; absent when nobody has said anything. */
  readonly observed?: Endpoint;
  /** How our NAT maps ports. */
  readonly nat: Nat;
  /** Networks (IPv4 /16, IPv6 /32) whose nodes voted for `observed.hostname`, of all that voted. */
  readonly votes: { readonly winning: number; readonly all: number };
}

/**
 * Share of the observers that must see one port for the mapping to count as endpoint-independent;
 * the rest may be liars or hold a mapping from before.
 */
const CONSISTENT_SHARE = 2 / 3;

/**
 * Counts the votes that BEP 42 nodes cast on our endpoint.
 *
 * One network has one vote, that of its last word, so that many nodes at one place cannot decide.
 *
 * @param localPort Our UDP port; TCP uses the same number, so that its preservation speaks for TCP too.
 * @param own This machine's addresses.
 */
export function reflect(
  observations: readonly Observation[],
  localPort: number,
  own: readonly string[],
): Reflection {
  const byNetwork = new Map<string, Endpoint>();
  for (const { observer, observed } of observations) {
    byNetwork.set(operatorPrefix(observer.hostname), observed);
  }
  const ballots = [...byNetwork.values()];
  const address = mostFrequent(ballots.map((e) => canonicalAddress(e.hostname)));
  if (address === undefined) return { nat: natOf("unknown"), votes: { winning: 0, all: 0 } };

  const winning = ballots.filter((e) => canonicalAddress(e.hostname) === address);
  const ports = observations.filter((o) => canonicalAddress(o.observed.hostname) === address)
    .map((o) => o.observed.port);
  const port = mostFrequent(ports)!;
  return {
    observed: { hostname: address, port },
    nat: natOf(own.includes(address) ? "open" : classify(ports, port, localPort)),
    votes: { winning: winning.length, all: ballots.length },
  };
}

function classify(ports: readonly number[], port: number, localPort: number): Mapping {
  if (ports.length < 2) return "unknown";
  const share = ports.filter((p) => p === port).length / ports.length;
  if (share < CONSISTENT_SHARE) return "dependent";
  return port === localPort ? "preserving" : "independent";
}

/** The most frequent value, the first seen of equals. */
function mostFrequent<T>(values: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: T | undefined;
  for (const [value, n] of counts) if (n > (counts.get(best as T) ?? 0)) best = value;
  return best;
}
