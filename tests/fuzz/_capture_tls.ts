import { concat } from "../../lib/bytes.ts";
import { Identity, peerHostname, serverCertificate, trustAnchor } from "../../lib/identity/mod.ts";

const identity = new Identity(new Uint8Array(32).fill(1));
const other = new Identity(new Uint8Array(32).fill(2));

/** What the runtime's TLS client sends, in hexadecimal: to a peer that it accepts, and to one that it refuses. */
export async function captureTls(): Promise<string[]> {
  return [await heard(identity), await heard(other)];
}

/** A client that trusts `identity` connects to `serving`, and says a word. */
async function heard(serving: Identity): Promise<string> {
  using tls = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...await serverCertificate(serving) });
  using tap = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answering = answer(tls);
  const tapping = between(tap, tls.addr.port);
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: tap.addr.port });
  const client = await Deno.startTls(conn, {
    hostname: peerHostname(identity.id),
    caCerts: [await trustAnchor(identity.publicKey)],
  });
  try {
    await client.write(new TextEncoder().encode("hello"));
    await client.read(new Uint8Array(16));
  } catch {
    // refused
  }
  client.close();
  await answering;
  return await tapping;
}

async function answer(listener: Deno.TlsListener): Promise<void> {
  try {
    using conn = await listener.accept();
    await conn.handshake();
    await conn.read(new Uint8Array(16));
    await conn.write(new TextEncoder().encode("hello"));
  } catch {
    // refused
  }
}

/** Passes bytes on, and gives those of the client. */
async function between(tap: Deno.TcpListener, port: number): Promise<string> {
  using client = await tap.accept();
  using server = await Deno.connect({ hostname: "127.0.0.1", port });
  const parts: Uint8Array[] = [];
  const forth = (async () => {
    const buffer = new Uint8Array(65_536);
    for (let n = await client.read(buffer); n !== null; n = await client.read(buffer)) {
      parts.push(buffer.slice(0, n));
      await server.write(parts.at(-1)!);
    }
    await server.closeWrite();
  })();
  const back = (async () => {
    const buffer = new Uint8Array(65_536);
    for (let n = await server.read(buffer); n !== null; n = await server.read(buffer)) {
      await client.write(buffer.subarray(0, n));
    }
  })();
  await Promise.allSettled([forth, back]);
  return concat(...parts).toHex();
}
