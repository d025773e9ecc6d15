import { assertEquals, assertRejects } from "@std/assert";
import { utf8 } from "../../lib/bytes.ts";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity, peerHostname, trustAnchor } from "../../lib/identity/mod.ts";
import { writeAll } from "../../lib/io.ts";
import { serveTunnel } from "../../lib/tunnel/mod.ts";
import { openTls } from "../../lib/tunnel/_tls_stream.ts";
import { connPair, readAll, tcpPair } from "../_streams.ts";

const REQUEST = utf8("GET /news HTTP/1.1\r\nhost: anything\r\nconnection: close\r\n\r\n");

/** A serving tunnel, and the means to open TLS to it or to what it pretends to be. */
async function peer(handler: Deno.ServeHandler, id = generateIdentity()) {
  const identity = generateIdentity();
  const server = await serveTunnel(handler, { identity });
  const options = async ({ id, publicKey } = identity) => ({
    hostname: peerHostname(id),
    anchor: await trustAnchor(publicKey),
    signal: new AbortController().signal,
  });
  return { server, options, stranger: id, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("openTls() speaks HTTP/1.1 with the peer's own server", async () => {
  await using there = await peer((request) => new Response(`you asked for ${new URL(request.url).pathname}`));
  const [near, far] = await tcpPair();
  void there.server.accept(far);
  const stream = await openTls(near, await there.options());
  await writeAll(stream, REQUEST);
  const answer = new TextDecoder().decode(await readAll(stream));
  assertEquals(answer.startsWith("HTTP/1.1 200 OK\r\n"), true, answer);
  assertEquals(answer.endsWith("you asked for /news"), true, answer);
  stream.close();
  stream.close();
});

Deno.test("openTls() refuses another key", async () => {
  await using there = await peer(() => new Response());
  const [near, far] = await tcpPair();
  const served = there.server.accept(far);
  const options = await there.options(there.stranger);
  const error = await assertRejects(() => openTls(near, options), PeerError);
  assertEquals(error.code, "not-proven");
  await served; // nothing is left open
});

Deno.test("openTls() makes it an error when the path ends without a goodbye", async () => {
  const begun = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  await using there = await peer(() => {
    begun.resolve();
    return answer.promise;
  });
  const [near, far] = await tcpPair();
  void there.server.accept(far);
  const stream = await openTls(near, await there.options());
  await writeAll(stream, REQUEST);
  await begun.promise;
  far.close();
  await assertRejects(() => stream.read(new Uint8Array(1)), Error);
  stream.close();
  answer.resolve(new Response());
});

Deno.test("openTls() gives up at its signal", async () => {
  await using there = await peer(() => new Response());
  const [near, far] = await tcpPair();
  const aborting = new AbortController();
  const opening = openTls(near, { ...await there.options(), signal: aborting.signal });
  await far.read(new Uint8Array(1)); // the other side has nothing to say
  aborting.abort(new Error("enough"));
  await assertRejects(() => opening, Error, "enough");
  far.close();
});

Deno.test("openTls() closes the path where no descriptor is left to join it with", async () => {
  await using there = await peer(() => new Response());
  const [near, far] = await tcpPair();
  const options = await there.options();
  const { listen } = Deno;
  Deno.listen = (() => {
    throw new Error("Too many open files (os error 24)");
  }) as typeof Deno.listen;
  try {
    const error = await assertRejects(() => openTls(near, options), PeerError, "Too many open files");
    assertEquals(error.code, "tunnel-failed");
  } finally {
    Deno.listen = listen;
  }
  assertEquals(await far.read(new Uint8Array(1)), null);
  far.close();
});

Deno.test("openTls() says that whoever answers does not speak TLS", async () => {
  await using there = await peer(() => new Response());
  const [near, far] = await connPair();
  const opening = openTls(near, await there.options());
  await far.write(utf8("220 mail.example ESMTP\r\n"));
  const error = await assertRejects(() => opening, PeerError);
  assertEquals(error.code, "tunnel-failed");
  far.close();
});
