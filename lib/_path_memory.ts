import { addressScope, type Candidate } from "./endpoint.ts";
import type { Strategy } from "./punch/mod.ts";

/** Pairs of networks that are remembered. */
const MAX_PAIRS = 256;

/** What got through between two networks. */
export class PathMemory {
  readonly #worked = new Map<string, Strategy>();

  /** What worked last between our network, seen at `own`, and that of a peer who names `candidates`. */
  recall(own: string | undefined, candidates: readonly Candidate[]): Strategy | undefined {
    const key = keyOf(own, candidates);
    return key === undefined ? undefined : this.#worked.get(key);
  }

  /** Keeps it; the pair that was not heard of for longest makes room. */
  remember(own: string | undefined, candidates: readonly Candidate[], strategy: Strategy): void {
    const key = keyOf(own, candidates);
    if (key === undefined) return;
    this.#worked.delete(key);
    if (this.#worked.size >= MAX_PAIRS) this.#worked.delete(this.#worked.keys().next().value!);
    this.#worked.set(key, strategy);
  }
}

/** Both public addresses; absent where one side has none. */
function keyOf(own: string | undefined, candidates: readonly Candidate[]): string | undefined {
  const peer = candidates.filter((c) => addressScope(c.hostname) === "global").map((c) => c.hostname);
  if (own === undefined || peer.length === 0) return undefined;
  return [own, ...[...new Set(peer)].sort()].join(" ");
}
