import { addressScope, type Endpoint } from "../endpoint.ts";

/** libtorrent's numbers: an address that sends more is a fool or a flood. */
const MESSAGES_PER_WINDOW = 50;
const WINDOW_MS = 10_000;
/** Bounds the memory that a flood from many (forged) addresses costs; all further strangers wait a window. */
const MAX_ADDRESSES = 20_000;

/** Counts what each address sends in a window of 10 s. Loopback is free: a test network lives on one address. */
export class RateLimit {
  readonly #now: () => number;
  readonly #counts = new Map<string, number>();
  #windowStart = -Infinity;

  /** @param now Milliseconds, never going back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether one more message of `from` may be looked at. */
  allows(from: Endpoint): boolean {
    const now = this.#now();
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#counts.clear();
      this.#windowStart = now;
    }
    const count = this.#counts.get(from.hostname) ?? 0;
    if (count === 0 && this.#counts.size >= MAX_ADDRESSES) return false;
    if (count >= MESSAGES_PER_WINDOW) return addressScope(from.hostname) === "loopback";
    this.#counts.set(from.hostname, count + 1);
    return true;
  }
}
