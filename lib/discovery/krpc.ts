/**
 * KRPC (BEP 5): questions with their answers, over one datagram socket.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { addressToBytes, type Endpoint, formatEndpoint, sameEndpoint } from "../endpoint.ts";
import { writeBencode } from "./bencode.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { type ErrorMessage, type QueryMessage, readPacket, type ResponseMessage } from "./guard.ts";
import { RateLimit } from "./rate_limit.ts";
import type { DatagramSocket } from "./socket.ts";

/** How long an answer may take: 99 % of those that come at all come within 1 s. */
export const QUERY_TIMEOUT_MS = 2_000;
/** What fits any path without fragments. */
const MAX_DATAGRAM_BYTES = 1_500;
const TRANSACTION_BYTES = 4;
/** The first byte of every KRPC packet: a dictionary. */
const DICT = 0x64;
/** Client and version, as BEP 20 has them: "SK", 0.1. */
const VERSION = Uint8Array.of(0x53, 0x4b, 0, 1);

/** A node's refusal. */
export class KrpcError extends Error {
  /** 201 generic, 202 server, 203 protocol, 204 unknown method (BEP 5); 205 to 207, 301, 302 (BEP 44). */
  readonly code: number;

  /** @param code As BEP 5 and BEP 44 list them. */
  constructor(code: number, message: string) {
    super(message);
    this.name = "KrpcError";
    this.code = code;
  }
}

/** An answer with the time that it took. */
export interface Answer {
  readonly message: ResponseMessage;
  readonly rttMs: number;
}

/** What we say to a question: a result or an error. */
export type Outcome = { readonly r: Record<string, unknown> } | { readonly e: readonly [number, string] };

/** What {@linkcode Krpc} reports; none of these may throw. */
export interface KrpcEvents {
  /** Answers a question; `undefined` leaves it without. */
  onQuery(query: QueryMessage, from: Endpoint): Outcome | undefined;
  /** A node answered our question, with a result or an error. */
  onAnswer(from: Endpoint, message: ResponseMessage | ErrorMessage): void;
  /** A node did not answer. */
  onSilence(from: Endpoint): void;
  /** A datagram that is not KRPC. */
  onDatagram(data: Uint8Array, from: Endpoint): void;
}

interface Pending {
  readonly to: Endpoint;
  settle(message: ResponseMessage | ErrorMessage): void;
  fail(reason: unknown): void;
}

/** Who asks; both may change. */
export interface Asker {
  /** Our 20-byte node id. */
  readonly id: Uint8Array;
  /** Whether we ask to be kept out of tables (BEP 43). */
  readonly readOnly: boolean;
}

/** Asks and answers. */
export class Krpc {
  /** Datagrams sent, received, and received but dropped. */
  readonly stats = { sent: 0, received: 0, dropped: 0 };
  readonly #asker: Asker;
  readonly #socket: DatagramSocket;
  readonly #events: KrpcEvents;
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();
  /** How many answers are to come from each endpoint. */
  readonly #awaited = new Map<string, number>();
  readonly #limit: RateLimit;
  #closedFor: DOMException | undefined;

  /** Takes over the socket. */
  constructor(asker: Asker, socket: DatagramSocket, events: KrpcEvents, clock: Clock = SYSTEM_CLOCK) {
    this.#asker = asker;
    this.#socket = socket;
    this.#events = events;
    this.#clock = clock;
    this.#limit = new RateLimit(() => clock.now());
    socket.onDatagram = (data, from) => this.#receive(data, from);
  }

  /**
   * Asks `to`. Rejects with {@linkcode KrpcError}, with a `TimeoutError`, with the reason of closing, or
   * with `signal.reason`.
   */
  query(
    to: Endpoint,
    method: string,
    args: Record<string, unknown>,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<Answer> {
    if (this.#closedFor) return Promise.reject(this.#closedFor);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const t = crypto.getRandomValues(new Uint8Array(TRANSACTION_BYTES));
    const answer = this.#await(t.toHex(), to, signal);
    const { id, readOnly } = this.#asker;
    this.#send(to, { t, y: "q", q: method, a: { ...args, id }, v: VERSION, ...(readOnly && { ro: 1 }) });
    return answer;
  }

  /** Sends bytes that are not KRPC; what is too long or begins like KRPC is not sent. */
  sendDatagram(to: Endpoint, data: Uint8Array): void {
    if (this.#closedFor || data.length > MAX_DATAGRAM_BYTES || data[0] === DICT) return;
    this.stats.sent++;
    this.#socket.send(data, to);
  }

  /** Closes the socket; what is pending rejects with `reason`. Idempotent. */
  close(reason: DOMException): Promise<void> {
    this.#closedFor = reason;
    for (const pending of [...this.#pending.values()]) pending.fail(reason);
    return this.#socket.close();
  }

  #await(key: string, to: Endpoint, signal: AbortSignal | undefined): Promise<Answer> {
    const sentAt = this.#clock.now();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#expect(to, 1);
    const end = () => {
      this.#expect(to, -1);
      cancel();
      signal?.removeEventListener("abort", onAbort);
      this.#pending.delete(key);
    };
    const fail = (reason: unknown) => {
      end();
      reject(reason);
    };
    const settle = (message: ResponseMessage | ErrorMessage) => {
      end();
      if (message.y === "r") resolve({ message, rttMs: this.#clock.now() - sentAt });
      else reject(new KrpcError(message.code, `Cannot ask ${formatEndpoint(to)}: ${message.message}`));
    };
    const cancel = this.#clock.schedule(QUERY_TIMEOUT_MS, () => {
      this.#events.onSilence(to);
      fail(new DOMException(`Cannot ask ${formatEndpoint(to)}: no answer`, "TimeoutError"));
    });
    const onAbort = () => fail(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#pending.set(key, { to, settle, fail });
    return promise;
  }

  #expect(from: Endpoint, more: 1 | -1): void {
    const key = formatEndpoint(from);
    const count = (this.#awaited.get(key) ?? 0) + more;
    if (count > 0) this.#awaited.set(key, count);
    else this.#awaited.delete(key);
  }

  #send(to: Endpoint, message: Record<string, unknown>): void {
    this.stats.sent++;
    this.#socket.send(writeBencode(message), to);
  }

  #receive(data: Uint8Array, from: Endpoint): void {
    this.stats.received++;
    if (this.#closedFor || !this.#dispatch(data, from)) this.stats.dropped++;
  }

  /** Runs a handler that is not ours; what it throws must not end the process, and costs it the packet. */
  #shielded<T>(handle: () => T): T | undefined {
    try {
      return handle();
    } catch {
      return undefined;
    }
  }

  #dispatch(data: Uint8Array, from: Endpoint): boolean {
    if (data[0] !== DICT) return this.#datagram(data, from);
    if (!this.#expects(from) && !this.#limit.allows(from)) return false; // before it costs anything
    const message = readPacket(data);
    if (message === null) return false;
    return message.y === "q" ? this.#question(message, from) : this.#answer(message, from);
  }

  #datagram(data: Uint8Array, from: Endpoint): boolean {
    if (data.length === 0 || data.length > MAX_DATAGRAM_BYTES || !this.#limit.allows(from)) return false;
    this.#shielded(() => this.#events.onDatagram(Uint8Array.from(data), from));
    return true;
  }

  #question(query: QueryMessage, from: Endpoint): boolean {
    if (this.#expects(from) && !this.#limit.allows(from)) return false;
    const outcome = this.#shielded(() => this.#events.onQuery(query, from));
    if (outcome === undefined) return false;
    // The asker's own endpoint, so that it learns how others see it (BEP 42).
    const common = { t: query.t, v: VERSION, ip: compactEndpoint(from) };
    this.#send(from, "r" in outcome ? { ...common, y: "r", ...outcome } : { ...common, y: "e", ...outcome });
    return true;
  }

  /** Whether something is to come from there. */
  #expects(from: Endpoint): boolean {
    return this.#awaited.has(formatEndpoint(from));
  }

  /** Only from the endpoint that was asked: whoever guesses a transaction must forge its address too. */
  #answer(message: ResponseMessage | ErrorMessage, from: Endpoint): boolean {
    const pending = this.#pending.get((message.t as Buffer).toString("hex"));
    if (!pending || !sameEndpoint(pending.to, from)) return false;
    this.#events.onAnswer(from, message);
    pending.settle(message);
    return true;
  }
}

/** 4 bytes of address and 2 of port. */
export function compactEndpoint({ hostname, port }: Endpoint): Uint8Array {
  return Uint8Array.of(...addressToBytes(hostname) ?? [0, 0, 0, 0], port >> 8, port & 255);
}
