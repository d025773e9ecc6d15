/**
 * Plain TCP connections with other programs, which can be told that something is missing: a connection that ends early is
 * reset, so that they do not take it for the end of what was sent.
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";
import type { Endpoint } from "../endpoint.ts";
import { type ByteStream, keepAccepting, NodeStream } from "../punch/mod.ts";

/** A connection with a program. */
export class LocalStream extends NodeStream {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super(socket);
    this.#socket = socket;
  }

  /** Closes it with RST. Idempotent. */
  reset() {
    this.#socket.resetAndDestroy();
  }
}

/**
 * Connects to a program.
 * Rejects with the socket's error, whose `code` is `ECONNREFUSED` and the like, or with `signal.reason`.
 */
export async function dialTcp(endpoint: Endpoint, signal: AbortSignal): Promise<ByteStream> {
  signal.throwIfAborted();
  const socket = connect({
    host: endpoint.hostname,
    port: endpoint.port,
    allowHalfOpen: true,
    noDelay: true,
  });
  return await new Promise((resolve, reject) => {
    const settle = (then: () => void) => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      then();
    };
    const giveUp = (reason: unknown) => {
      socket.on("error", () => {}).destroy();
      reject(reason);
    };
    const onAbort = () => settle(() => giveUp(signal.reason));
    const onError = (error: Error) => settle(() => giveUp(error));
    signal.addEventListener("abort", onAbort);
    socket.on("error", onError);
    socket.once("connect", () => settle(() => resolve(new LocalStream(socket))));
  });
}

/** A connection that has come in and of which nothing was read. */
export interface LocalConnection {
  /** Begins to read. */
  open(): LocalStream;
  /** Refuses it. */
  reset(): void;
}

/** A port on which programs connect. Disposing frees it, and waits until the connections have ended. */
export interface LocalListener extends AsyncDisposable {
  /** Where. */
  readonly addr: Endpoint;
}

/**
 * Listens at an address of this machine; port 0 is any. `onConnection` gets each connection, of which nothing is read until
 * `open` is called, and owns it.
 * Rejects with `Deno.errors.AddrInUse` when another program holds the port.
 */
export async function listenTcp(
  { hostname, port }: Endpoint,
  onConnection: (connection: LocalConnection) => void,
): Promise<LocalListener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    const ignore = () => {}; // whoever opens it will hear
    socket.on("error", ignore);
    onConnection({
      open() {
        socket.off("error", ignore);
        const stream = new LocalStream(socket);
        socket.resume();
        return stream;
      },
      reset: () => void socket.resetAndDestroy(),
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once(
      "error",
      (error: Error & { code?: string }) => reject(asAddrInUse(error, { hostname, port })),
    );
    server.listen({ host: hostname, port }, () => resolve());
  });
  server.on("error", () => {}); // out of descriptors: others may end
  const accepting = keepAccepting(server);
  const closed = new Promise<void>((resolve) => server.once("close", () => resolve()));
  return {
    addr: { hostname, port: (server.address() as { port: number }).port },
    async [Symbol.asyncDispose]() {
      accepting.stop();
      server.close();
      await closed;
    },
  };
}

function asAddrInUse(error: Error & { code?: string }, { hostname, port }: Endpoint): Error {
  if (error.code !== "EADDRINUSE") return error;
  return new Deno.errors.AddrInUse(
    `Cannot listen at ${hostname}: port ${port} is in use by another program`,
    {
      cause: error,
    },
  );
}
