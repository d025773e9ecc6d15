import { createSocket } from "node:dgram";
import { probeDatagram, type ProbeOutcome, type ProbeTransport } from "./check/mod.ts";
import { addressFamily, addressScope, type Endpoint, subscriberPrefix } from "./endpoint.ts";
import { Occupancy } from "./occupancy.ts";
import { dialUnbound } from "./punch/mod.ts";

/** TCP sends its second SYN after 1 s: what two have not opened in 1.5 s is silence at any RTT that matters. */
const PATIENCE_MS = 1500;
/** Ports below belong to the system's services: nobody's peer sits there. */
const LEAST_PORT = 1024;
/** Probes under way: each holds a descriptor. One check of a peer needs five at a time. */
const MAX_AT_ONCE = 64;
const MAX_AT_ONCE_PER_ADDRESS = 8;
/** One check of a peer asks about ten times, shared between its observers. */
const WINDOW_MS = 60_000;
const MAX_PER_WINDOW = 600;
const MAX_PER_WINDOW_AND_ADDRESS = 40;

/** Options of {@linkcode Prober}. */
export interface ProberOptions {
  /** Whether an address may be probed; for tests. @default global addresses */
  readonly mayProbe?: (address: string) => boolean;
  /** Milliseconds, never going back. @default {performance.now} */
  readonly now?: () => number;
}

/**
 * Tries to get in at the address of whoever asks, for a serving peer that is an observer. Only at global addresses: what
 * seems to come from another one may come through a proxy, behind which sits somebody else's network.
 */
export class Prober implements AsyncDisposable {
  readonly #mayProbe: (address: string) => boolean;
  readonly #now: () => number;
  readonly #atOnce = new Occupancy(MAX_AT_ONCE, MAX_AT_ONCE_PER_ADDRESS);
  readonly #counts = new Map<string, number>();
  readonly #closing = new AbortController();
  readonly #pending = new Set<Promise<ProbeOutcome>>();
  #total = 0;
  #windowStart = -Infinity;

  constructor(options: ProberOptions = {}) {
    this.#mayProbe = options.mayProbe ?? ((address) => addressScope(address) === "global");
    this.#now = options.now ?? (() => performance.now());
  }

  /** A {@linkcode Probe}. Never rejects. */
  readonly probe = async (
    target: Endpoint,
    transport: ProbeTransport,
    transactionId: Uint8Array,
  ): Promise<ProbeOutcome> => {
    if (this.#closing.signal.aborted || target.port < LEAST_PORT || !this.#mayProbe(target.hostname)) {
      return "declined";
    }
    const network = subscriberPrefix(target.hostname);
    const place = this.#count(network) ? this.#atOnce.enter(target.hostname) : null;
    if (place === null) return "declined";
    const trying = transport === "tcp"
      ? dialOnce(target, this.#closing.signal)
      : sendOnce(target, probeDatagram(transactionId));
    this.#pending.add(trying);
    return await trying.finally(() => {
      place.leave();
      this.#pending.delete(trying);
    });
  };

  /** Whether one more probe fits into the present window, which it then does. */
  #count(network: string): boolean {
    if (this.#now() - this.#windowStart >= WINDOW_MS) {
      this.#counts.clear();
      this.#total = 0;
      this.#windowStart = this.#now();
    }
    const count = this.#counts.get(network) ?? 0;
    if (this.#total >= MAX_PER_WINDOW || count >= MAX_PER_WINDOW_AND_ADDRESS) return false;
    this.#total++;
    this.#counts.set(network, count + 1);
    return true;
  }

  /** Ends the probes under way. */
  async [Symbol.asyncDispose]() {
    this.#closing.abort(new DOMException("The server was shut down", "AbortError"));
    await Promise.all(this.#pending);
  }
}

async function dialOnce(target: Endpoint, closing: AbortSignal): Promise<ProbeOutcome> {
  try {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(PATIENCE_MS)]);
    (await dialUnbound(target, { signal })).close();
    return "in";
  } catch (error) {
    return outcomeOf(error);
  }
}

/** What the failure of a dial says about who sent it. */
export function outcomeOf(error: unknown): ProbeOutcome {
  const code = (error as { code?: unknown } | null)?.code;
  if (error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.ConnectionReset) {
    return "reset";
  }
  return code === "EHOSTUNREACH" || code === "ENETUNREACH" ? "icmp" : "silence";
}

/** One datagram from a fresh port, and nothing more whatever happens. */
async function sendOnce({ hostname, port }: Endpoint, data: Uint8Array): Promise<ProbeOutcome> {
  const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
  const socket = createSocket(addressFamily(hostname) === 6 ? "udp6" : "udp4");
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  // Where there is no descriptor left, this comes in place of the callback.
  socket.on("error", () => resolve("declined"));
  socket.send(data, port, hostname, (error) => resolve(error ? "declined" : "sent"));
  const outcome = await promise;
  socket.close();
  await closed;
  return outcome;
}
