/**
 * Who is dialled when, and from where: pure functions, so that the rules that were hard to find can be read and
 * tested as tables.
 *
 * @module
 */
import { addressFamily, addressScope, type Candidate } from "../endpoint.ts";

/** Both sides are known to be active: whatever can connect has done so by then, at 200 ms RTT and 5 % loss too. */
export const PUNCH_WINDOW_MS = 10_000;

/**
 * A refusal that comes sooner has not crossed a NAT on the internet: it is a closed port nearby, and to dial it
 * again at once would be a busy loop.
 */
export const NEARBY_MS = 5;

/** First pause before a closed port nearby is dialled again; doubled up to {@linkcode MAX_PAUSE_MS}. */
export const FIRST_PAUSE_MS = 20;
/** Longest pause between dials of a closed port nearby. */
export const MAX_PAUSE_MS = 1000;

/** One dial of a race. */
export interface Dial {
  /** Whom. */
  readonly candidate: Candidate;
  /** After the start of the race. */
  readonly delayMs: number;
  /** Whether the SYN must leave from the port on which we listen, because it is to open a hole in our NAT. */
  readonly bound: boolean;
}

/** Between the first of one preference and the next: the better path gets its SYN out first (RFC 8305 section 5). */
const STAGGER_MS = 5;

/**
 * The dials of the connecting peer, best first: host candidates nearby, then IPv6, then IPv4.
 *
 * All start within a few milliseconds, far less than the 250 ms of Happy Eyeballs: a punch lives from SYNs that
 * meet, and a SYN that nobody answers costs nothing.
 *
 * @param startMs When the first one starts.
 */
export function schedule(candidates: readonly Candidate[], startMs = 0): Dial[] {
  return [...candidates]
    .sort((a, b) => preference(b) - preference(a))
    .map((candidate, i) => ({
      candidate,
      delayMs: startMs + i * STAGGER_MS,
      bound: addressScope(candidate.hostname) === "global",
    }));
}

function preference(candidate: Candidate): number {
  const nearby = addressScope(candidate.hostname) === "global" ? 0 : 4;
  return nearby + (addressFamily(candidate.hostname) === 6 ? 2 : 0) + (candidate.kind === "mapped" ? 1 : 0);
}

/**
 * How long to wait before the same candidate is dialled again from the same port, or `null` to give it up.
 *
 * A hole towards a NAT that answers RST lives for one round trip: dialling again *at once* makes the period one
 * round trip on both sides, so that the two SYNs always meet; 5 ms later half of them no longer do.
 *
 * @param code The socket's error code.
 * @param tookMs How long the dial took to fail.
 * @param failures How often it has failed before.
 */
export function redialDelay(code: string | undefined, tookMs: number, failures: number): number | null {
  switch (code) {
    case "ECONNREFUSED": // RST
    case "ECONNRESET":
    case "EHOSTUNREACH": // ICMP
    case "ENETUNREACH":
      return tookMs >= NEARBY_MS ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS);
    case "ETIMEDOUT": // the kernel gave up its SYNs
      return 0;
    case "EADDRNOTAVAIL": // the peer's SYN came first: the listener has this connection
      return null;
    default:
      return null;
  }
}
