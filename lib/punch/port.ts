/**
 * One local TCP port that listens and dials: what punching needs on both sides.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { canonicalAddress, type Endpoint } from "../endpoint.ts";
import { boundSocket } from "./_bound_socket.ts";
import { NodeStream } from "./_node_stream.ts";
import type { ByteStream } from "../byte_stream.ts";

/** Probes that keep the NAT's mapping of an idle path alive; home routers forget after some minutes. */
const KEEP_ALIVE_MS = 45_000;

/** Random ports that are tried before the system chooses; two are seldom needed. */
const RANDOM_ATTEMPTS = 8;

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

interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A random port of the upper half. Linux would choose among 7,000, and so often again one that the nodes of the DHT still
 * list from an earlier knock: then the knock says nothing new and is not heard.
 */
async function listenAnywhere(onConnection: (stream: ByteStream) => void): Promise<Listener> {
  for (let attempt = 0; attempt < RANDOM_ATTEMPTS; attempt++) {
    const port = 0x8000 | crypto.getRandomValues(new Uint16Array(1))[0]!;
    try {
      return await listen(port, onConnection);
    } catch { /* taken, or reserved by the system */ }
  }
  return await listen(0, onConnection);
}

function listen(port: number, onConnection: (stream: ByteStream) => void): Promise<Listener> {
  return (hasReusePort() ? listenDeno : listenNode)(port, onConnection);
}

/** `Deno.listen({ reusePort })` ends the process without `--unstable-net`; its sibling tells whether it is on. */
function hasReusePort(): boolean {
  return (Deno as { listenDatagram?: unknown }).listenDatagram !== undefined;
}

function listenDeno(port: number, onConnection: (stream: ByteStream) => void): Promise<Listener> {
  const listener = onEveryAddress((hostname) => Deno.listen({ hostname, port, reusePort: true }));
  const accepting = (async () => {
    for (;;) {
      try {
        const conn = await listener.accept();
        conn.setNoDelay(true);
        conn.setKeepAlive(true);
        onConnection(denoStream(conn));
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return; // closed
        await new Promise((resolve) => setTimeout(resolve, 10)); // out of descriptors: others may end
      }
    }
  })();
  let closed = false;
  return Promise.resolve({
    port: listener.addr.port,
    async close() {
      if (!closed) listener.close();
      closed = true;
      await accepting;
    },
  });
}

/** Dual-stack where there is IPv6, which `::` covers; IPv4 alone otherwise. */
function onEveryAddress<T>(listen: (hostname: string) => T): T {
  try {
    return listen("::");
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    return listen("0.0.0.0");
  }
}

async function listenNode(port: number, onConnection: (stream: ByteStream) => void): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    onConnection(new NodeStream(socket));
  });
  try {
    await listening(server, "::", port);
  } catch (error) {
    if ((error as { code?: string }).code === "EADDRINUSE") throw new Deno.errors.AddrInUse(String(error));
    await listening(server, "0.0.0.0", port);
  }
  return {
    port: (server.address() as { port: number }).port,
    // The port is free at once; what Node waits for before it says so are the connections, and those stay.
    close: () => Promise.resolve(void server.close()),
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, reusePort: true } as Parameters<Server["listen"]>[0], () => {
      server.off("error", reject);
      resolve();
    });
  });
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
  conn.setNoDelay(true);
  conn.setKeepAlive(true);
  return denoStream(conn);
}

/** A `Deno.TcpConn` whose remote address has its canonical form, and whose `close` may be called twice. */
export function denoStream(conn: Deno.TcpConn): ByteStream {
  const { hostname, port } = conn.remoteAddr;
  let closed = false;
  return {
    localAddr: conn.localAddr,
    remoteAddr: { hostname: canonicalAddress(hostname), port },
    read: (buffer) => conn.read(buffer),
    write: (data) => conn.write(data),
    closeWrite: () => conn.closeWrite(),
    close() {
      if (!closed) conn.close();
      closed = true;
    },
  };
}
