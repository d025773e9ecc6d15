import { assertEquals, assertRejects } from "@std/assert";
import { Credentials, openGuard } from "../../lib/access/mod.ts";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity, peerHostname, trustAnchor } from "../../lib/identity/mod.ts";
import { type ByteStream, writeAll } from "../../lib/punch/mod.ts";
import { sayHello, type ServeHandler, serveTunnel } from "../../lib/tunnel/mod.ts";
import { connPair, readAll } from "../_streams.ts";

const [server, ann, bob] = [generateIdentity(), generateIdentity(), generateIdentity()];
const hostname = peerHostname(server.id);
const credentialsOf = (identity = ann) => new Credentials({ identity, audience: server.id });

/** A TLS connection to a serving peer, as a program has one that splices bytes. */
async function rawTls(handler: ServeHandler, allow?: string[]) {
  const guard = allow && await openGuard({ allow });
  const tunnel = await serveTunnel(handler, { identity: server, ...(guard ? { guard } : {}) });
  const [near, far] = await connPair();
  void tunnel.accept(far);
  const caCerts = [await trustAnchor(server.publicKey)];
  const tls = await Deno.startTls(near, { hostname, caCerts, alpnProtocols: ["http/1.1"] });
  return {
    tls,
    async [Symbol.asyncDispose]() {
      tls.close();
      await tunnel.shutdown();
      await guard?.[Symbol.asyncDispose]();
    },
  };
}

async function get(tls: Deno.TlsConn, path: string): Promise<string> {
  await writeAll(
    tls,
    new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nhost: whatever\r\nconnection: close\r\n\r\n`),
  );
  return new TextDecoder().decode(await readAll(tls));
}

Deno.test("sayHello() makes a raw connection ours: plain requests on it come from our id", async () => {
  await using raw = await rawTls((_, { remoteId }) => new Response(remoteId ?? "nobody"), [ann.id]);
  await sayHello(raw.tls, { hostname, credentials: credentialsOf() });
  const answer = await get(raw.tls, "/");
  assertEquals(answer.startsWith("HTTP/1.1 200 OK\r\n") && answer.includes(ann.id), true, answer);
});

Deno.test("sayHello() rejects where we may not come in, and the connection is closed", async () => {
  for (const credentials of [credentialsOf(bob), undefined]) {
    await using raw = await rawTls(() => new Response("secret"), [ann.id]);
    const saying = () => sayHello(raw.tls, { hostname, ...(credentials ? { credentials } : {}) });
    const error = await assertRejects(saying, PeerError);
    assertEquals(error.code, "denied");
    assertEquals(await raw.tls.read(new Uint8Array(1)).catch(() => null), null);
  }
});

Deno.test("sayHello() needs no id where everybody may come in", async () => {
  await using raw = await rawTls((_, { remoteId }) => new Response(remoteId ?? "nobody"));
  await sayHello(raw.tls, { hostname });
  assertEquals((await get(raw.tls, "/")).includes("nobody"), true);
});

/** Somebody who answers with something else. */
async function answering(text: string): Promise<ByteStream & Disposable> {
  const [near, far] = await connPair();
  await far.write(new TextEncoder().encode(text));
  far.closeWrite();
  return Object.assign(near, {
    [Symbol.dispose]() {
      near.close();
      far.close();
    },
  });
}

Deno.test("sayHello() says what is wrong with an answer that no serving peer gives", async () => {
  const table: [answer: string, why: string][] = [
    ["", "closed the connection"],
    ["HTTP/1.1 204", "closed the connection"],
    ["HTTP/1.1 500 Oh\r\n\r\n", "status 500"],
    ["SSH-2.0\r\n\r\n", "does not speak HTTP"],
    ["x".repeat(5000), "far too long"],
  ];
  for (const [answer, why] of table) {
    using stream = await answering(answer);
    const error = await assertRejects(() => sayHello(stream, { hostname }), PeerError, why);
    assertEquals(error.code, "tunnel-failed");
  }
});

Deno.test("sayHello() says that the peer does not let us in, also where its date is no text for a header", async () => {
  for (const date of ["yesterday", "\0", "\u20ac"]) {
    using stream = await answering(`HTTP/1.1 403 Forbidden\r\nDate: ${date}\r\n\r\n`);
    const error = await assertRejects(() => sayHello(stream, { hostname }), PeerError);
    assertEquals([error.code, error.message.includes("does not let us in")], ["denied", true], date);
  }
});

Deno.test("sayHello() gives up a peer that never answers", async () => {
  const [near, far] = await connPair();
  const error = await assertRejects(
    () => sayHello(near, { hostname, timeoutMs: 20 }),
    PeerError,
    "does not answer",
  );
  assertEquals(error.code, "tunnel-failed");
  far.close();
});

Deno.test("sayHello() gives up when it is told to", async () => {
  const [near, far] = await connPair();
  const aborting = new AbortController();
  const saying = sayHello(near, { hostname, signal: aborting.signal });
  saying.catch(() => {});
  await far.read(new Uint8Array(1));
  const reason = new Error("enough");
  aborting.abort(reason);
  assertEquals(await assertRejects(() => saying), reason);
  far.close();
});
