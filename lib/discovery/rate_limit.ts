import { addressScope, type Endpoint, formatEndpoint } from "../endpoint.ts";

/** libtorrent's numbers: who sends more is a fool or a flood. */
const WINDOW_MS = 10_000;
const MESSAGES_PER_ENDPOINT = 50;
/** An address may be a carrier's NAT with many honest nodes behind it. */
const MESSAGES_PER_ADDRESS = 500;
/** Bounds the memory that a flood from many (forged) addresses costs; further strangers wait for the next window. */
const MAX_SENDERS = 20_000;

/** Counts what each sender says in a window of 10 s. On loopback only endpoints count: a test network lives on one address. */
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
    if (!this.#count(formatEndpoint(from), MESSAGES_PER_ENDPOINT)) return false;
    return addressScope(from.hostname) === "loopback" || this.#count(from.hostname, MESSAGES_PER_ADDRESS);
  }

  #count(sender: string, limit: number): boolean {
    const count = this.#counts.get(sender) ?? 0;
    if (count >= limit || count === 0 && this.#counts.size >= MAX_SENDERS) return false;
    this.#counts.set(sender, count + 1);
    return true;
  }
}
