/**
 * What takes connections on a port from which others are opened.
 *
 * @module
 */
import { createServer } from "node:net";
import type { ByteStream } from "../byte_stream.ts";
import { keepAccepting } from "./_bound_socket.ts";
import { denoStream } from "./_deno_stream.ts";
import { NodeStream } from "./_node_stream.ts";
import { type Listening, listeningOn } from "./_systems.ts";

/** Random ports that are tried before the system chooses; two are seldom needed. */
const RANDOM_ATTEMPTS = 8;

/** A port that takes connections. */
export interface Listener {
  readonly port: number;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Each connection that comes in; the receiver owns it. */
export type OnConnection = (stream: ByteStream) => void;

/**
 * A random port of the upper half. Linux would choose among 7,000, and so often again one that the nodes of the DHT still
 * list from an earlier knock: then the knock says nothing new and is not heard.
 */
export async function listenAnywhere(onConnection: OnConnection): Promise<Listener> {
  for (let attempt = 0; attempt < RANDOM_ATTEMPTS; attempt++) {
    const port = 0x8000 | crypto.getRandomValues(new Uint16Array(1))[0]!;
    try {
      return await listen(port, onConnection);
    } catch { /* taken, or reserved by the system */ }
  }
  return await listen(0, onConnection);
}

/**
 * Listens on all addresses, IPv6 too where the machine has it.
 * Rejects with `Deno.errors.AddrInUse` when somebody else holds the port.
 *
 * @param how What the system asks for; another one in tests.
 */
export async function listen(
  port: number,
  onConnection: OnConnection,
  how: Listening = listeningOn(Deno.build.os, hasUnstableNet()),
): Promise<Listener> {
  if (how.by === "deno") return listenDeno(port, onConnection);
  return await (how.isDualStack ? listenNode : listenNodeTwice)(port, onConnection);
}

/** `Deno.listen({ reusePort })` ends the process without `--unstable-net`; its sibling tells whether it is on. */
function hasUnstableNet(): boolean {
  return (Deno as { listenDatagram?: unknown }).listenDatagram !== undefined;
}

function listenDeno(port: number, onConnection: OnConnection): Listener {
  const listener = onEveryAddress((hostname) => Deno.listen({ hostname, port, reusePort: true }));
  const accepting = (async () => {
    for (;;) {
      try {
        take(await listener.accept(), onConnection);
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return; // closed
        await new Promise((resolve) => setTimeout(resolve, 10)); // out of descriptors: others may end
      }
    }
  })();
  let closed = false;
  return {
    port: listener.addr.port,
    async close() {
      if (!closed) listener.close();
      closed = true;
      await accepting;
    },
  };
}

/** One that was reset before it was accepted is dropped: some systems refuse to change anything of it. */
function take(conn: Deno.TcpConn, onConnection: OnConnection): void {
  try {
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
  } catch {
    return conn.close();
  }
  onConnection(denoStream(conn));
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

async function listenNode(port: number, onConnection: OnConnection): Promise<Listener> {
  try {
    return await listenNodeAt("::", port, onConnection);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    return await listenNodeAt("0.0.0.0", port, onConnection);
  }
}

/** One listener for each family, on the same port; IPv4 alone where there is no IPv6. */
async function listenNodeTwice(port: number, onConnection: OnConnection): Promise<Listener> {
  const ipv4 = await listenNodeAt("0.0.0.0", port, onConnection);
  const ipv6 = await listenNodeAt("::", ipv4.port, onConnection).catch(async (error) => {
    if (!(error instanceof Deno.errors.AddrInUse)) return undefined;
    await ipv4.close();
    throw error;
  });
  return {
    port: ipv4.port,
    async close() {
      await Promise.all([ipv4.close(), ipv6?.close()]);
    },
  };
}

async function listenNodeAt(host: string, port: number, onConnection: OnConnection): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    // One that was reset before it was accepted: nobody can tell any more from where it came.
    if (socket.remoteAddress === undefined) socket.on("error", () => {}).destroy();
    else onConnection(new NodeStream(socket));
  });
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error & { code?: string }) =>
      reject(error.code === "EADDRINUSE" ? new Deno.errors.AddrInUse(String(error)) : error);
    server.once("error", fail);
    server.listen({ host, port, reusePort: true } as Parameters<typeof server.listen>[0], () => {
      server.off("error", fail);
      resolve();
    });
  });
  server.on("error", () => {}); // out of descriptors: others may end
  const accepting = keepAccepting(server);
  return {
    port: (server.address() as { port: number }).port,
    // The port is free at once; what Node waits for before it says so are the connections, and those stay.
    close() {
      accepting.stop();
      server.close();
      return Promise.resolve();
    },
  };
}
