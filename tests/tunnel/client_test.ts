import { assertEquals, assertRejects } from "@std/assert";
import { openGuard } from "../../lib/access/mod.ts";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { readAll } from "../_streams.ts";
import { clientWith, echo, nextEvent, tunnelPair } from "./pair.ts";

Deno.test("fetch() refuses a server with another key", async () => {
  let reached = false;
  await using pair = await tunnelPair(() => {
    reached = true;
    return new Response("secret");
  }, { trust: generateIdentity().publicKey });
  const error = await assertRejects(() => pair.client.fetch("/"), PeerError);
  assertEquals([error.code, reached], ["not-proven", false]);
});

Deno.test("fetch() sends and receives streams as they come", async () => {
  await using pair = await tunnelPair((request) => new Response(request.body));
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const writer = writable.getWriter();
  void writer.write(new TextEncoder().encode("one "));
  const response = await pair.client.fetch("/", { method: "POST", body: readable });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, "one ");
  await writer.write(new TextEncoder().encode("two"));
  await writer.close();
  assertEquals((await reader.read()).value, "two");
  assertEquals((await reader.read()).done, true);
});

Deno.test("fetch() shares one path among many requests", async () => {
  await using pair = await tunnelPair((request) => new Response(new URL(request.url).pathname));
  await (await pair.client.fetch("/first")).text();
  const texts = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => await (await pair.client.fetch(`/${i}`)).text()),
  );
  assertEquals(texts, Array.from({ length: 20 }, (_, i) => `/${i}`));
  assertEquals(pair.paths.length, 1);
});

Deno.test("fetch() takes a URL and a Request of the peer, and of nobody else", async () => {
  await using pair = await tunnelPair((request) => new Response(`${request.method} ${request.url}`));
  const url = `https://${pair.id}.skip.alt/a`;
  assertEquals(await (await pair.client.fetch(new URL(url))).text(), `GET ${url}`);
  const request = new Request(url, { method: "PUT", body: "x" });
  assertEquals(await (await pair.client.fetch(request)).text(), `PUT ${url}`);
  for (
    const other of [
      "https://example.com/",
      "http://localhost/",
      "//example.com/",
      `http://${pair.id}.skip.alt/`,
    ]
  ) {
    await assertRejects(() => pair.client.fetch(other), TypeError, "another host");
    await assertRejects(() => pair.client.webSocket(other), TypeError, "another host");
  }
});

Deno.test("fetch() does not follow a redirect to another host", async () => {
  await using pair = await tunnelPair(() => Response.redirect("https://example.com/"));
  const error = await assertRejects(() => pair.client.fetch("/"), PeerError);
  assertEquals(error.code, "tunnel-failed");
});

Deno.test("fetch() rejects with the very PeerError of the path", async () => {
  const cause = new PeerError("not-found", "Cannot resolve the id: nobody knows it");
  await using client = clientWith(() => Promise.reject(cause));
  assertEquals(await assertRejects(() => client.fetch("/")) === cause, true);
});

Deno.test("fetch() rejects with the signal's reason", async () => {
  const asked = Promise.withResolvers<void>();
  await using client = clientWith((signal) => {
    asked.resolve();
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const aborting = new AbortController();
  const fetching = client.fetch("/", { signal: aborting.signal });
  fetching.catch(() => {});
  await asked.promise;
  const reason = new Error("changed my mind");
  aborting.abort(reason);
  assertEquals(await assertRejects(() => fetching) === reason, true);
});

Deno.test("fetch() leaves the errors of misuse as they are", async () => {
  await using client = clientWith(() => Promise.reject(new Error("was asked")));
  await assertRejects(() => client.fetch("/", { method: "GET", body: "x" }), TypeError, "body");
});

Deno.test("close() says goodbye to WebSockets", async () => {
  const pair = await tunnelPair(echo);
  const socket = await pair.client.webSocket();
  const closed = nextEvent<CloseEvent>(socket, "close");
  await pair.client.close();
  assertEquals(socket.readyState, WebSocket.CLOSED);
  assertEquals((await closed).wasClean, true);
  await pair.server.shutdown();
});

Deno.test("close() ends what is under way with PeerError closed", async () => {
  const asked = Promise.withResolvers<void>();
  const client = clientWith((signal) => {
    asked.resolve();
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const opening = [client.webSocket(), client.fetch("/")];
  const outcomes = Promise.allSettled(opening);
  await asked.promise;
  await client.close();
  for (const outcome of await outcomes) {
    assertEquals(outcome.status === "rejected" && outcome.reason.code, "closed");
  }
});

Deno.test("close() can be called again, and nothing can be opened after it", async () => {
  const client = clientWith(() => Promise.reject(new Error("was asked")));
  await Promise.all([client.close(), client.close()]);
  for (const open of [() => client.webSocket(), () => client.fetch("/")]) {
    const error = await assertRejects(open, PeerError);
    assertEquals(error.code, "closed");
  }
});

Deno.test("close() ends a response that nobody reads", async () => {
  const pair = await tunnelPair(() =>
    new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(65536)) }))
  );
  const response = await pair.client.fetch("/");
  await pair.client.close();
  await assertRejects(() => response.bytes());
  await pair.server.shutdown();
});

Deno.test("fetch() and webSocket() say that the peer does not let us in, whoever we are", async () => {
  await using guard = await openGuard({});
  for (const who of [{}, { as: generateIdentity() }]) {
    await using pair = await tunnelPair(echo, { guard, ...who });
    for (const open of [() => pair.client.fetch("/"), () => pair.client.webSocket("/")]) {
      const error = await assertRejects(open, PeerError);
      assertEquals([error.code, error.message], [
        "denied",
        "Cannot connect to the peer: it does not let us in",
      ]);
    }
  }
});

Deno.test("fetch() and webSocket() leave it to the handler to forbid something", async () => {
  await using pair = await tunnelPair(() => new Response("not this", { status: 403 }));
  const response = await pair.client.fetch("/");
  assertEquals([response.status, await response.text()], [403, "not this"]);
  const error = await assertRejects(() => pair.client.webSocket("/"), PeerError, "did not answer with");
  assertEquals(error.code, "tunnel-failed");
});

Deno.test("openStream() joins a program that speaks HTTP/1.1 to the peer, and ends with the client", async () => {
  await using pair = await tunnelPair((request) => new Response(request.headers.get("x-colour")));
  const stream = await pair.client.openStream();
  await stream.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: h\r\nx-colour: blue\r\n\r\n"));
  const buffer = new Uint8Array(4096);
  const text = new TextDecoder().decode(buffer.subarray(0, await stream.read(buffer) ?? 0));
  assertEquals(text.startsWith("HTTP/1.1 200"), true, text);
  const reading = stream.read(buffer);
  await pair.client.close();
  await assertRejects(() => reading);
  assertEquals((await assertRejects(() => pair.client.openStream(), PeerError)).code, "closed");
});

Deno.test("openStream() shows who we are before anything is written, and says so if we may not come in", async () => {
  const ann = generateIdentity();
  await using guard = await openGuard({ allow: [ann.id] });
  await using pair = await tunnelPair((_, { remoteId }) => new Response(remoteId ?? "nobody"), {
    ...{ guard, as: ann },
  });
  const stream = await pair.client.openStream();
  await stream.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"));
  const answer = new TextDecoder().decode(await readAll(stream));
  assertEquals(answer.includes(ann.id), true, answer);
  stream.close();
  await using stranger = await tunnelPair(() => new Response(), { guard, as: generateIdentity() });
  const error = await assertRejects(() => stranger.client.openStream(), PeerError);
  assertEquals(error.code, "denied");
});

Deno.test("openStream() refuses another key, and passes the error of the path on", async () => {
  await using pair = await tunnelPair(() => new Response(), { trust: generateIdentity().publicKey });
  assertEquals((await assertRejects(() => pair.client.openStream(), PeerError)).code, "not-proven");
  const cause = new PeerError("unreachable", "Cannot reach the peer: no path opened within 10 s");
  await using client = clientWith(() => Promise.reject(cause));
  assertEquals(await assertRejects(() => client.openStream()), cause);
  const signal = AbortSignal.abort(new Error("too late"));
  await assertRejects(() => client.openStream({ signal }), Error, "too late");
});
