/**
 * One local TCP port that listens and dials: what punching needs on both sides.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { ByteStream } from "../byte_stream.ts";
import type { Endpoint } from "../endpoint.ts";
import { boundSocket } from "./_bound_socket.ts";
import { denoStream } from "./_deno_stream.ts";
import { listen, listenAnywhere } from "./_listener.ts";
import { NodeStream } from "./_node_stream.ts";

export { denoStream };

/** Probes that keep the NAT's mapping of an idle path alive; home routers forget after some minutes. */
const KEEP_ALIVE_MS = 45_000;

/** A TCP port that listens, and from which connections can be opened. */
export interface PunchPort extends AsyncDisposable {
  /** The number, the same for what comes in and what goes out. */
  readonly port: number;
  /**
   * Opens a connection from this port; the kernel repeats its SYN until `signal` aborts.
   * Rejects with the socket's error, whose `code` is `ECONNREFUSED` and the like, or with `signal.reason`.
   */
  dial(remote: Endpoint, options?: { signal?: AbortSignal }): Promise<ByteStream>;
  /** Stops listening and dialling; connections that are open stay so. Idempotent. */
  close(): Promise<void>;
}

/** Options of {@linkcode openPort}. */
export interface OpenPortOptions {
  /** The port; 0 for any, drawn at random. */
  readonly port: number;
  /** Each connection that comes in; the receiver owns it. */
  readonly onConnection: (stream: ByteStream) => void;
}

/**
 * Listens on all addresses, IPv6 too where the machine has it.
 * Rejects with `Deno.errors.AddrInUse` when somebody else holds the port.
 */
export async function openPort({ port, onConnection }: OpenPortOptions): Promise<PunchPort> {
  const listener = await (port === 0 ? listenAnywhere(onConnection) : listen(port, onConnection));
  const closing = new AbortController();
  const close = async () => {
    closing.abort(new DOMException("The port was closed", "AbortError"));
    await listener.close();
  };
  return {
    port: listener.port,
    dial(remote, options = {}) {
      const signals = [closing.signal, ...(options.signal ? [options.signal] : [])];
      return dialBound(remote, listener.port, AbortSignal.any(signals));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function dialBound(remote: Endpoint, port: number, signal: AbortSignal): Promise<ByteStream> {
  signal.throwIfAborted();
  const socket = boundSocket(remote.hostname, port);
  return await new Promise((resolve, reject) => {
    const abort = () => finish(() => reject(signal.reason), true);
    const finish = (settle: () => void, destroy: boolean) => {
      signal.removeEventListener("abort", abort);
      socket.off("error", fail);
      if (destroy) socket.on("error", () => {}).destroy();
      settle();
    };
    // In the same turn as the event: the next SYN of a rejected dial must leave at once.
    const fail = (error: Error) => finish(() => reject(error), true);
    signal.addEventListener("abort", abort);
    socket.on("error", fail);
    socket.connect({ host: remote.hostname, port: remote.port }, () => {
      socket.off("error", fail);
      finish(() => resolve(tuned(socket)), false);
    });
  });
}

function tuned(socket: Socket): ByteStream {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return new NodeStream(socket);
}

/**
 * Opens a connection from any local port, for candidates that need no hole in a NAT.
 * Rejects with `Deno.errors.*` or with `signal.reason`.
 */
export async function dialUnbound(
  remote: Endpoint,
  options: { signal?: AbortSignal } = {},
): Promise<ByteStream> {
  const { signal } = options;
  signal?.throwIfAborted();
  const conn = await Deno.connect({ ...remote, ...(signal ? { signal } : {}) }).catch((error) => {
    signal?.throwIfAborted();
    throw error;
  });
  try {
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
    return denoStream(conn);
  } catch (error) { // some systems refuse it where the other side has reset the connection
    conn.close();
    throw error;
  }
}
