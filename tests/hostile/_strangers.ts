/**
 * Whoever can reach the port of a serving peer, and means no good. On Linux all of 127.0.0.0/8 are this machine's addresses, so
 * that strangers come from as many places as they like.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import type { ByteStream } from "../../lib/byte_stream.ts";
import type { Endpoint } from "../../lib/endpoint.ts";

/** One connection of a stranger, as `checkPath` wants it. */
export class Stranger implements ByteStream {
  readonly localAddr: Endpoint;
  readonly remoteAddr: Endpoint;
  /** Bytes that he was sent, but for those that were taken. */
  received: Uint8Array<ArrayBuffer> = new Uint8Array();
  /** Resolves when the connection is open. */
  readonly open: Promise<void>;
  /** Resolves when it has ended. */
  readonly closed: Promise<void>;
  isClosed = false;
  readonly #socket: Socket;
  #wake: () => void = () => {};

  /** Dials a port of this machine from an address of it. */
  constructor(port: number, from = "127.0.0.1") {
    const socket = connect({ host: "127.0.0.1", port, localAddress: from });
    this.localAddr = { hostname: from, port: 0 };
    this.remoteAddr = { hostname: "127.0.0.1", port };
    this.#socket = socket;
    this.open = new Promise((resolve) => socket.once("connect", () => resolve()));
    this.closed = new Promise((resolve) =>
      socket.once("close", () => {
        this.isClosed = true;
        this.#wake();
        resolve();
      })
    );
    socket.on("error", () => {}); // `closed` tells
    socket.on("data", (data: Uint8Array) => {
      this.received = Uint8Array.from([...this.received, ...data]);
      this.#wake();
    });
  }

  /** Says something, as far as anybody listens. */
  say(data: Uint8Array): void {
    if (!this.isClosed) this.#socket.write(data);
  }

  /** What he was sent since, once there are so many bytes, or the end. */
  async hear(length: number): Promise<Uint8Array> {
    await this.#arrival(length);
    const heard = this.received;
    this.received = new Uint8Array();
    return heard;
  }

  async #arrival(length: number): Promise<void> {
    while (this.received.length < length && !this.isClosed) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** The same as a stream. */
  async read(buffer: Uint8Array): Promise<number | null> {
    await this.#arrival(1);
    const part = this.received.subarray(0, buffer.length);
    if (part.length === 0) return null;
    buffer.set(part);
    this.received = this.received.slice(part.length);
    return part.length;
  }

  write(data: Uint8Array): Promise<number> {
    this.say(data);
    return Promise.resolve(data.length);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Goes away. */
  async leave(): Promise<void> {
    this.#socket.destroy();
    await this.closed;
  }
}

/** Many of them, who come again when they are shown out. */
export class Crowd implements AsyncDisposable {
  /** Bytes that any of them was sent. */
  received = 0;
  /** How many have come so far. */
  arrived = 0;
  readonly #options: CrowdOptions;
  readonly #inside = new Set<Stranger>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#advance(), 20);
  }

  #advance() {
    const { port, size, addresses, perSecond, act } = this.#options;
    for (let i = 0; i < perSecond / 50 && this.#inside.size < size; i++) {
      const n = this.arrived++ % addresses;
      const stranger = new Stranger(port, `127.1.${n >> 8}.${(n & 255) + 1}`);
      this.#inside.add(stranger);
      void stranger.open.then(() => act?.(stranger));
      void stranger.closed.then(() => {
        this.received += stranger.received.length;
        this.#inside.delete(stranger);
      });
    }
  }

  /** Resolves once so many have come. */
  async gathered(count = this.#options.size): Promise<void> {
    while (this.arrived < count) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Those who are inside. */
  get inside(): Iterable<Stranger> {
    return this.#inside;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#inside].map((stranger) => stranger.leave()));
  }
}

/** Options of a {@linkcode Crowd}. */
export interface CrowdOptions {
  /** Whose door they besiege. */
  readonly port: number;
  /** How many are there at once. */
  readonly size: number;
  /** How many addresses they have. */
  readonly addresses: number;
  /** How many come in a second, at most. */
  readonly perSecond: number;
  /** What each of them does. */
  readonly act?: (stranger: Stranger) => void;
}
