import { assertEquals, assertRejects } from "@std/assert";
import { MemoryHub } from "../lib/discovery/mod.ts";
import { connect, dial, generateIdentity, PeerError, type Progress, serve } from "../mod.ts";
import { formatEndpoint } from "../lib/endpoint.ts";
import { Testnet } from "./testnet.ts";

/** Options for both sides of a network in memory. */
function inMemory() {
  const hub = new MemoryHub();
  return { hub, serving: { discovery: hub.open() }, connecting: { discovery: hub.open() } };
}

function echo(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = (event) => socket.send(event.data);
  return response;
}

/** The next message. */
function message(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => socket.addEventListener("message", (e) => resolve(e.data), { once: true }));
}

/** Closes, and waits until the goodbye is answered. */
function closed(socket: WebSocket): Promise<CloseEvent> {
  return new Promise((resolve) => {
    socket.addEventListener("close", resolve, { once: true });
    socket.close();
  });
}

Deno.test("serve() and connect() hold a native WebSocket over a DHT of real nodes", async () => {
  await using net = await Testnet.create({ nodes: 10 });
  const bootstrap = net.bootstrap.map(formatEndpoint);
  const events: Progress[] = [];
  await using server = await serve(echo, { bootstrap, onProgress: (e) => events.push(e) });
  assertEquals(events.at(-1)?.type, "ready");

  const socket = await connect(server.id, { bootstrap });
  assertEquals([socket instanceof WebSocket, socket.readyState], [true, WebSocket.OPEN]);
  socket.send("hello");
  assertEquals(await message(socket), "hello");
  await closed(socket);
});

Deno.test("serve() alone is a network of two with whoever begins at it", async () => {
  await using server = await serve(echo, { bootstrap: [] });
  const socket = await connect(server.id, { bootstrap: [`127.0.0.1:${server.port}`] });
  socket.send("hello");
  assertEquals(await message(socket), "hello");
  await closed(socket);
});

Deno.test("serve() tells the handler the true address of the peer", async () => {
  const { serving, connecting } = inMemory();
  const seen: Deno.NetAddr[] = [];
  await using server = await serve((_, info) => {
    seen.push(info.remoteAddr as Deno.NetAddr);
    return new Response("ok");
  }, serving);
  await using peer = await dial(server.id, connecting);
  await (await peer.fetch("/")).body?.cancel();
  assertEquals(formatEndpoint(seen[0]!), peer.path.mapped);
});

Deno.test("serve() keeps its id with its identity", async () => {
  const { serving } = inMemory();
  const identity = generateIdentity();
  await using server = await serve(echo, { ...serving, identity });
  assertEquals(server.id, identity.id);
});

Deno.test("serve() answers an error of the handler as onError says", async () => {
  const { serving, connecting } = inMemory();
  await using server = await serve(() => {
    throw new Error("broken");
  }, { ...serving, onError: (error) => new Response((error as Error).message, { status: 503 }) });
  await using peer = await dial(server.id, connecting);
  const response = await peer.fetch("/");
  assertEquals([response.status, await response.text()], [503, "broken"]);
});

Deno.test("serve() finishes the requests under way when it shuts down", async () => {
  const { serving, connecting } = inMemory();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const server = await serve(async () => {
    asked.resolve();
    await answer.promise;
    return new Response("late");
  }, serving);
  await using peer = await dial(server.id, connecting);
  const response = peer.fetch("/");
  await asked.promise;
  const stopped = server.shutdown();
  answer.resolve();
  assertEquals(await (await response).text(), "late");
  await stopped;
  await server.finished;
});

Deno.test("serve() cannot be found any more after its shutdown", async () => {
  const { serving, connecting } = inMemory();
  const server = await serve(echo, serving);
  await server.shutdown();
  await server.shutdown();
  const error = await assertRejects(() => connect(server.id, connecting), PeerError);
  assertEquals(error.code, "not-found");
});

Deno.test("serve() stops when its signal aborts, and rejects with its reason while it starts", async () => {
  const { serving, hub } = inMemory();
  const controller = new AbortController();
  const server = await serve(echo, { ...serving, signal: controller.signal });
  controller.abort();
  await server.finished;

  hub.isOnline = false;
  const reason = new Error("enough");
  const starting = new AbortController();
  const serving2 = serve(echo, { discovery: hub.open(), signal: starting.signal });
  starting.abort(reason);
  assertEquals(await assertRejects(() => serving2), reason);
});

Deno.test("serve() rejects with the reason of its signal also once the record is out, and cannot be found then", async () => {
  const { serving, connecting } = inMemory();
  const identity = generateIdentity();
  const starting = new AbortController();
  const reason = new Error("enough");
  const onProgress = (event: Progress) => event.type === "published" && starting.abort(reason);
  const serving2 = serve(echo, { ...serving, identity, onProgress, signal: starting.signal });
  assertEquals(await assertRejects(() => serving2), reason);
  const error = await assertRejects(() => connect(identity.id, connecting), PeerError);
  assertEquals(error.code, "not-found");
});

Deno.test("serve() waits for the network, and is found once it is there", async () => {
  const { serving, connecting, hub } = inMemory();
  hub.isOnline = false;
  let ready = false;
  const starting = serve(echo, { ...serving, onProgress: (e) => ready ||= e.type === "ready" });
  const offline = await assertRejects(() => connect(generateIdentity().id, connecting), PeerError);
  assertEquals([offline.code, ready], ["offline", false]);
  hub.isOnline = true;
  await using server = await starting;
  const socket = await connect(server.id, connecting);
  await closed(socket);
});

Deno.test("serve() refuses a port that is none, one that is taken, and a bootstrap node that is none", async () => {
  await assertRejects(() => serve(echo, { port: 70_000 }), RangeError, "70000");
  await assertRejects(() => serve(echo, { port: -1 }), RangeError);
  await assertRejects(() => serve(echo, { bootstrap: ["host:0"] }), SyntaxError, "host:0");
  await assertRejects(() => serve(echo, { bootstrap: ["host"] }), SyntaxError);
  await using first = await serve(echo, { bootstrap: [] });
  await assertRejects(() => serve(echo, { port: first.port, bootstrap: [] }), Deno.errors.AddrInUse);
});

Deno.test("serve() says that a TCP port is taken when the UDP port is free", async () => {
  using taken = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  await assertRejects(() => serve(echo, { port: taken.addr.port, bootstrap: [] }), Deno.errors.AddrInUse);
});

Deno.test("serve() survives a receiver of progress that throws", async () => {
  const { serving } = inMemory();
  await using server = await serve(echo, {
    ...serving,
    onProgress: () => {
      throw new Error("careless");
    },
  });
  assertEquals(server.id.length, 52);
});
