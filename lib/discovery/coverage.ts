/**
 * Which parts of the id space our table knows too little of.
 *
 * A walk to our own id fills the table near us. But a node that is asked for an id far from its own must know
 * some nodes over there, or the asker's walk ends in a corner: in 200 fresh nodes one walk in 40 did.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import { CLOSEST_COUNT } from "./contacts.ts";
import type { RoutingTable } from "./table.ts";

/** A part that is no fuller after a walk may just be empty: try it again no sooner than this. */
const RETRY_MS = 15 * 60_000;
const ID_BITS = 160;

/** Remembers where we have looked. */
export class Coverage {
  readonly #clock: Clock;
  readonly #triedAt = new Map<number, number>();

  /** Starts with nothing tried. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An id to walk to, in the farthest part that is sparse and due; `undefined` where all is well. */
  next(table: RoutingTable): Uint8Array | undefined {
    const now = this.#clock.now();
    const prefix = sparsePrefixes(table).find((bits) =>
      now - (this.#triedAt.get(bits) ?? -Infinity) >= RETRY_MS
    );
    if (prefix === undefined) return undefined;
    this.#triedAt.set(prefix, now);
    return idAt(table.ownId, prefix, () => this.#clock.random());
  }
}

/** Parts (by the number of leading bits in common with our id) with fewer than 8 nodes, but for our closest 8. */
function sparsePrefixes(table: RoutingTable): number[] {
  const counts = new Map<number, number>();
  for (const node of table.nodes()) {
    const bits = commonBits(node.id, table.ownId);
    counts.set(bits, (counts.get(bits) ?? 0) + Number(node.confirmed));
  }
  const sparse: number[] = [];
  let closer = table.size;
  for (let bits = 0; bits < ID_BITS && closer > CLOSEST_COUNT; bits++) {
    const count = counts.get(bits) ?? 0;
    if (count < CLOSEST_COUNT) sparse.push(bits);
    closer -= count;
  }
  return sparse;
}

/** How many leading bits two ids have in common. */
export function commonBits(a: Uint8Array, b: Uint8Array): number {
  const byte = a.findIndex((x, i) => x !== b[i]);
  return byte < 0 ? ID_BITS : 8 * byte + Math.clz32(a[byte]! ^ b[byte]!) - 24;
}

/** A random id that has exactly `bits` leading bits in common with `own`. */
export function idAt(own: Uint8Array, bits: number, random: () => number): Uint8Array {
  const id = own.map(() => 256 * random());
  for (let bit = 0; bit <= bits; bit++) {
    const mask = 0x80 >> (bit & 7);
    const value = bit === bits ? ~own[bit >> 3]! & mask : own[bit >> 3]! & mask;
    id[bit >> 3] = id[bit >> 3]! & ~mask | value;
  }
  return id;
}
