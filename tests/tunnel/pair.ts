import { formatPeerId, generateIdentity } from "../../lib/identity/mod.ts";
import type { ByteStream } from "../../lib/punch/mod.ts";
import { openClient, serveTunnel, type ServeTunnelOptions } from "../../lib/tunnel/mod.ts";

/** Two ends of a TCP connection on loopback: the first dialled, the second accepted. */
export async function tcpPair(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
}

/** A serving and a connecting tunnel with plain TCP in between. */
export async function tunnelPair(
  handler: Deno.ServeHandler,
  options: Partial<ServeTunnelOptions> & { trust?: Uint8Array } = {},
) {
  const identity = options.identity ?? generateIdentity();
  const server = await serveTunnel(handler, { ...options, identity });
  const publicKey = options.trust ?? identity.publicKey;
  const paths: Deno.TcpConn[] = [];
  const client = openClient({
    id: formatPeerId(publicKey),
    publicKey,
    openPath: async (): Promise<ByteStream> => {
      const [near, far] = await tcpPair();
      paths.push(near);
      void server.accept(far);
      return near;
    },
  });
  return {
    id: identity.id,
    identity,
    server,
    client,
    /** The connecting side's ends, in the order of opening. */
    paths,
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.shutdown();
    },
  };
}

/** The next event of a kind. */
export function nextEvent<T extends Event = Event>(target: EventTarget, type: string): Promise<T> {
  return new Promise((resolve) => target.addEventListener(type, (e) => resolve(e as T), { once: true }));
}

/** Closes a WebSocket and waits until both sides have said so. */
export async function closeSocket(socket: WebSocket): Promise<void> {
  const closed = nextEvent(socket, "close");
  socket.close();
  await closed;
}
