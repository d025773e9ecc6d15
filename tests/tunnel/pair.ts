import { connPair } from "../_streams.ts";
import { Credentials } from "../../lib/access/mod.ts";
import { formatPeerId, generateIdentity, type Identity } from "../../lib/identity/mod.ts";
import type { ByteStream } from "../../lib/punch/mod.ts";
import { openClient, type ServeHandler, serveTunnel, type ServeTunnelOptions } from "../../lib/tunnel/mod.ts";

/** A serving and a connecting tunnel with plain TCP in between. */
export async function tunnelPair(
  handler: ServeHandler,
  options: Partial<ServeTunnelOptions> & { trust?: Uint8Array; as?: Identity; token?: string } = {},
) {
  const identity = options.identity ?? generateIdentity();
  const server = await serveTunnel(handler, { ...options, identity });
  const publicKey = options.trust ?? identity.publicKey;
  const paths: Deno.TcpConn[] = [];
  const audience = formatPeerId(publicKey);
  const { as, token } = options;
  const client = openClient({
    id: audience,
    publicKey,
    ...(as ? { credentials: new Credentials({ identity: as, audience, token }) } : {}),
    openPath: async (): Promise<ByteStream> => {
      const [near, far] = await connPair();
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

/** Gives back what comes on a WebSocket. */
export function echo(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

/** A client for nobody in particular, whose paths are the test's business. */
export function clientWith(openPath: (signal: AbortSignal) => Promise<ByteStream>, silenceMs = 60_000) {
  return openClient({ ...generateIdentity(), openPath, silenceMs });
}

/** `stream`, as if it came from elsewhere. */
export function from(hostname: string, port: number, stream: ByteStream): ByteStream {
  return {
    localAddr: stream.localAddr,
    remoteAddr: { hostname, port },
    read: (buffer) => stream.read(buffer),
    write: (data) => stream.write(data),
    closeWrite: () => stream.closeWrite(),
    close: () => stream.close(),
  };
}

/** Resolves once the other side has closed. */
export async function ended(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(1024);
  while (await conn.read(buffer).catch(() => null) !== null);
}
