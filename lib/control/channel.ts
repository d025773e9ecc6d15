import { type ControlKnock, decodeControl, encodeControl } from "./messages.ts";

/** How often we ask whether the other side is there. */
const PING_INTERVAL_MS = 2000;
/** Silence for so long is no lost packet: TCP repeats one several times within it. */
const SILENCE_MS = 4000;
/** Round trips that are remembered: those of the last two minutes. */
const MAX_REMEMBERED = 64;

/** Options of a {@linkcode ControlChannel}. */
export interface ControlChannelOptions {
  /** @default {2000} */
  readonly pingIntervalMs?: number;
  /** An unanswered question makes the channel dead after so long. @default {4000} */
  readonly silenceMs?: number;
}

/** How the last pings went. */
export interface RoundTrips {
  /** The shortest, in milliseconds. */
  readonly minMs: number;
  /** The one in the middle. */
  readonly medianMs: number;
  /** What 95 % of them do not exceed. */
  readonly p95Ms: number;
  /** How many these are. */
  readonly count: number;
}

/** Options of {@linkcode ControlChannel.knock}. */
export interface ControlKnockOptions {
  /** Ends it, and the wait for ports. */
  readonly signal: AbortSignal;
  /** Told once from which external ports the peer dials us, where its NAT gives each connection another one. */
  readonly onPorts: (ports: readonly number[]) => void;
}

interface Waiting {
  readonly at: number;
  readonly resolve: (ms: number) => void;
  readonly reject: (reason: unknown) => void;
}

/** The connecting peer's side of a control channel: asks, and finds out when nobody is there any more. */
export class ControlChannel implements Disposable {
  readonly #socket: WebSocket;
  readonly #silenceMs: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #onPorts = new Map<number, ControlKnockOptions["onPorts"]>();
  readonly #roundTrips: number[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  #n = 0;
  #heardAt = performance.now();
  #tickedAt = performance.now();
  /** When we were found to have slept, and answers may lie here unread. */
  #wokeAt = -Infinity;
  #isOpen = true;

  /** Takes over an open WebSocket. */
  constructor(socket: WebSocket, options: ControlChannelOptions = {}) {
    const { pingIntervalMs = PING_INTERVAL_MS, silenceMs = SILENCE_MS } = options;
    this.#socket = socket;
    this.#silenceMs = silenceMs;
    socket.onmessage = ({ data }) => this.#hear(data);
    socket.onclose = () => this.#end();
    socket.onerror = () => {}; // `close` follows
    this.#timer = setInterval(() => this.#tick(), pingIntervalMs);
    this.#tick();
  }

  /** Resolves once it is dead or closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** When the other side was heard last, by `performance.now()`. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** How the last pings went; absent before the first answer. */
  get roundTrips(): RoundTrips | undefined {
    const sorted = this.#roundTrips.toSorted((a, b) => a - b);
    const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
    if (sorted.length === 0) return undefined;
    return { minMs: sorted[0]!, medianMs: at(0.5), p95Ms: at(0.95), count: sorted.length };
  }

  /** One round trip in milliseconds. Rejects with `signal.reason`, or an `AbortError` when the channel ends before. */
  async ping(signal?: AbortSignal): Promise<number> {
    const ms = await this.#ask((n) => encodeControl({ type: "ping", n }), signal);
    this.#roundTrips.push(ms);
    if (this.#roundTrips.length > MAX_REMEMBERED) this.#roundTrips.shift();
    return ms;
  }

  /** Has the serving peer dial us; resolves when it does. Rejects like {@linkcode ControlChannel.ping}. */
  async knock(knock: ControlKnock, { signal, onPorts }: ControlKnockOptions): Promise<void> {
    signal.throwIfAborted();
    const n = this.#n;
    this.#onPorts.set(n, onPorts);
    signal.addEventListener("abort", () => this.#onPorts.delete(n), { once: true });
    await this.#ask((n) => encodeControl({ type: "knock", n, knock }), signal);
  }

  async #ask(encode: (n: number) => string, signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    if (!this.#isOpen) throw ended();
    const n = this.#n++;
    const abort = () => reject(signal!.reason);
    this.#waiting.set(n, { at: performance.now(), resolve, reject });
    signal?.addEventListener("abort", abort, { once: true });
    this.#socket.send(encode(n));
    return await promise.finally(() => signal?.removeEventListener("abort", abort));
  }

  #hear(data: unknown): void {
    const message = decodeControl(data);
    if (message?.type === "ports") return this.#tell(message.n, message.ports);
    const waiting = message && this.#waiting.get(message.n);
    if (!waiting || (message.type !== "pong" && message.type !== "knocked")) return;
    this.#heardAt = performance.now();
    this.#waiting.delete(message.n);
    waiting.resolve(this.#heardAt - waiting.at);
  }

  #tell(n: number, ports: readonly number[]): void {
    const onPorts = this.#onPorts.get(n);
    this.#onPorts.delete(n);
    onPorts?.(ports);
  }

  #tick(): void {
    const now = performance.now();
    // Whoever was suspended himself has not heard anybody, and must not take that for silence.
    if (now - this.#tickedAt >= this.#silenceMs) this.#wokeAt = now;
    this.#tickedAt = now;
    const oldest = this.#waiting.values().next().value;
    if (oldest && now - Math.max(oldest.at, this.#wokeAt) >= this.#silenceMs) return this.#end();
    this.ping().catch(() => {}); // `closed` tells
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearInterval(this.#timer);
    this.#socket.close();
    for (const { reject } of this.#waiting.values()) reject(ended());
    this.#waiting.clear();
    this.#onPorts.clear();
    this.#closed.resolve();
  }

  /** Says goodbye. Idempotent. */
  [Symbol.dispose](): void {
    this.#end();
  }
}

function ended(): DOMException {
  return new DOMException("The control channel has ended", "AbortError");
}
