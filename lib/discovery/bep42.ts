/**
 * How others see us, and the node id that follows from it (BEP 42).
 *
 * @see {@link https://www.bittorrent.org/beps/bep_0042.html}
 * @module
 */
import { addressScope, addressToBytes, type Endpoint, formatEndpoint } from "../endpoint.ts";
import type { Observation } from "./types.ts";

const MAX_OBSERVATIONS = 64;
/** Networks (/16) that must agree before we believe in an address, and the part of those that have said anything. */
const QUORUM = 3;
const MAJORITY = 2 / 3;
const IPV4_MASK = Uint8Array.of(0x03, 0x0f, 0x3f, 0xff);

/** The newest word of each node on our endpoint. */
export class Observations {
  readonly #byObserver = new Map<string, Observation>();

  /** Takes a word; the oldest is forgotten when there are too many. */
  add(observer: Endpoint, observed: Endpoint): void {
    const key = formatEndpoint(observer);
    this.#byObserver.delete(key);
    this.#byObserver.set(key, { observer, observed });
    const [oldest] = this.#byObserver.keys();
    if (this.#byObserver.size > MAX_OBSERVATIONS) this.#byObserver.delete(oldest!);
  }

  /** Newest last. */
  list(): readonly Observation[] {
    return [...this.#byObserver.values()];
  }

  /** Forgets everything: the network has changed. */
  clear(): void {
    this.#byObserver.clear();
  }

  /** The address that most observers name, counted once for each network; where so many agree it is `sure`. */
  address(): { address: string; sure: boolean } | undefined {
    const votes = new Map<string, Set<string>>();
    const voters = new Set<string>();
    for (const { observer, observed } of this.#byObserver.values()) {
      const network = observer.hostname.split(".", 2).join(".");
      voters.add(network);
      votes.set(observed.hostname, (votes.get(observed.hostname) ?? new Set()).add(network));
    }
    const [best] = [...votes].sort(([, a], [, b]) => b.size - a.size);
    const isSure = (count: number) => count >= QUORUM && count >= MAJORITY * voters.size;
    return best && { address: best[0], sure: isSure(best[1].size) };
  }
}

/** A random id that a node at `address` may have. */
export function nodeIdFor(address: string, random = crypto.getRandomValues(new Uint8Array(20))): Uint8Array {
  const id = random.slice();
  const r = id[19]! & 7;
  const crc = prefixOf(address, r);
  id.set([crc >>> 24, crc >>> 16 & 255, crc >>> 8 & 0xf8 | id[2]! & 7]);
  return id;
}

/** Whether a node at `address` may have `id`; always so where there are no public addresses. */
export function isNodeIdFor(address: string, id: Uint8Array): boolean {
  if (addressScope(address) !== "global") return true;
  const crc = prefixOf(address, id[19]! & 7);
  return id[0] === crc >>> 24 && id[1] === (crc >>> 16 & 255) && (id[2]! & 0xf8) === (crc >>> 8 & 0xf8);
}

/** Of which the first 21 bits count. */
function prefixOf(address: string, r: number): number {
  const bytes = addressToBytes(address)!.map((byte, i) => byte & IPV4_MASK[i]!);
  bytes[0]! |= r << 5;
  return crc32c(bytes);
}

/** Castagnoli's polynomial, bit by bit: four bytes, once in a while. */
function crc32c(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
