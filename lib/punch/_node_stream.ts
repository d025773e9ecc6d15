import type { Socket } from "node:net";
import { canonicalAddress, type Endpoint } from "../endpoint.ts";
import type { ByteStream } from "../byte_stream.ts";
import { takeFrom } from "../io.ts";

/** Received bytes that may wait for a reader before the socket is paused, in buffers of his: he is to find the next one full. */
const HIGH_WATER_BUFFERS = 2;
/** The same for a reader of a few bytes, who may be reading what a stranger says. */
const LEAST_HIGH_WATER_BYTES = 16 * 1024;

/** A connected `node:net` socket as a {@linkcode ByteStream}. */
export class NodeStream implements ByteStream {
  readonly localAddr: Endpoint;
  readonly remoteAddr: Endpoint;
  readonly #socket: Socket;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #highWater = LEAST_HIGH_WATER_BYTES;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /** Takes over a connected socket made with `allowHalfOpen`, also one that the other side has reset since. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.localAddr = endpointOf(socket.localAddress, socket.localPort);
    this.remoteAddr = endpointOf(socket.remoteAddress, socket.remotePort);
    socket.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    socket.on("end", () => this.#end());
    socket.on("error", (error: Error) => this.#end(error));
    socket.on("close", () => this.#end(new Deno.errors.BadResource("Connection closed")));
    if (socket.destroyed) this.#end(new Deno.errors.BadResource("Connection closed"));
  }

  #onData(chunk: Uint8Array) {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered >= this.#highWater) this.#socket.pause();
    this.#wake?.();
  }

  #end(failure?: Error) {
    if (!this.#ended) this.#failure = failure && asDenoError(failure);
    this.#ended = true;
    this.#wake?.();
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    this.#highWater = Math.max(LEAST_HIGH_WATER_BYTES, HIGH_WATER_BUFFERS * buffer.length);
    while (this.#chunks.length === 0) {
      if (this.#failure) throw this.#failure;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = undefined;
    }
    const taken = takeFrom(this.#chunks, buffer);
    this.#buffered -= taken;
    if (this.#socket.isPaused() && this.#buffered < this.#highWater / 2) this.#socket.resume();
    return taken;
  }

  write(data: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Deno.errors.BadResource("Connection closed"));
      // Resolves once the kernel has the bytes: the caller may reuse its buffer then.
      this.#socket.write(data, (error) => error ? reject(asDenoError(error)) : resolve(data.length));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Deno.errors.BadResource("Connection closed"));
      this.#socket.end(() => resolve());
    });
  }

  close() {
    this.#socket.destroy();
  }
}

/** The system tells neither end of a connection that is gone. */
function endpointOf(address = "::", port = 0): Endpoint {
  return { hostname: canonicalAddress(address), port };
}

/** The same failure in Deno's classes, which is what the users of a `Deno.Conn` expect. */
function asDenoError(error: Error & { code?: string }): Error {
  switch (error.code) {
    case "ECONNRESET":
      return new Deno.errors.ConnectionReset(error.message, { cause: error });
    case "EPIPE":
      return new Deno.errors.BrokenPipe(error.message, { cause: error });
    default:
      return error;
  }
}
