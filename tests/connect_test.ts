import { assertEquals, assertRejects } from "@std/assert";
import { MemoryHub, type ServiceDescription } from "../lib/discovery/mod.ts";
import { denoStream } from "../lib/punch/mod.ts";
import { connect, dial, generateIdentity, type Identity, PeerError, type Progress, serve } from "../mod.ts";
import { readAll } from "./_streams.ts";
import { natOf } from "../lib/nat.ts";

/** A network in memory. */
function inMemory() {
  const hub = new MemoryHub();
  return { hub, serving: { discovery: hub.open() }, connecting: { discovery: hub.open() } };
}

/** Publishes whatever a test wants to be found. */
async function publish(hub: MemoryHub, identity: Identity, candidates: ServiceDescription["candidates"]) {
  const discovery = hub.open();
  await discovery.publish(identity, () => ({ candidates, nat: natOf("open") }), { onKnock: () => {} });
  return discovery;
}

function at(port: number) {
  return { kind: "host", hostname: "127.0.0.1", port } as const;
}

/** Accepts on loopback whatever comes, and does `what` with it. */
function listen(what: (conn: Deno.TcpConn) => Promise<void>): { port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const done = (async () => {
    for await (const conn of listener) await what(conn);
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await done;
    },
  };
}

/** Says nothing until the other side has given up. */
async function silence(conn: Deno.TcpConn) {
  await readAll(denoStream(conn)).catch(() => {});
  conn.close();
}

Deno.test("dial() serves fetch and WebSockets over what it learnt once", async () => {
  const { serving, connecting } = inMemory();
  const from = new Map<string, number>();
  await using server = await serve(async (request, { remoteAddr }) => {
    const { pathname } = new URL(request.url);
    from.set(pathname, (remoteAddr as Deno.NetAddr).port);
    if (request.headers.get("upgrade") === "websocket") {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onopen = () => socket.send(pathname);
      return response;
    }
    return new Response(`${request.method} ${await request.text()}`);
  }, serving);
  const events: Progress[] = [];
  await using peer = await dial(server.id, { ...connecting, onProgress: (e) => events.push(e) });
  assertEquals(peer.id, server.id);

  const response = await peer.fetch("/news", { method: "POST", body: "hello" });
  assertEquals(await response.text(), "POST hello");
  const greetings = await Promise.all(["/a", "/b", "/c"].map(async (path) => {
    const socket = await peer.webSocket(path);
    return await new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
  }));
  assertEquals(greetings, ["/a", "/b", "/c"]);
  assertEquals(events.filter((e) => e.type === "resolved").length, 1);
  assertEquals(new Set(from.values()).size, 4, "each has a path of its own");
  await peer.ping();
  assertEquals(peer.stats().openPaths >= 5, true, "and the control channel, beside which one is made ready");
});

Deno.test("dial() reports its stages in order, each with a fact", async () => {
  const { serving, connecting } = inMemory();
  await using server = await serve(() => new Response("ok"), serving);
  const events: Progress[] = [];
  await using peer = await dial(server.id, { ...connecting, onProgress: (e) => events.push(e) });
  const types = events.map((e) => e.type).filter((t) => t !== "knock" && t !== "refused");
  assertEquals(types.sort(), ["candidates", "online", "path", "resolved", "strategy"]);
  const path = events.find((e) => e.type === "path")!;
  assertEquals([path.kind, path.remote], [peer.path.kind, peer.path.remote]);
});

Deno.test("connect() refuses what is no id before it does anything", async () => {
  for (const text of ["", "short", "!".repeat(52), `${generateIdentity().id}y`]) {
    await assertRejects(() => connect(text), SyntaxError, "Cannot read the id", text);
  }
});

Deno.test("connect() says that nobody has published an id", async () => {
  const { connecting } = inMemory();
  const error = await assertRejects(() => connect(generateIdentity().id, connecting), PeerError);
  assertEquals(error.code, "not-found");
});

Deno.test("connect() refuses somebody else's machine and takes the next candidate", async () => {
  const { hub, serving, connecting } = inMemory();
  const right = generateIdentity();
  await using impostor = await serve(() => new Response("impostor"), { discovery: hub.open() });
  await using echo = listen(async (conn) => {
    await conn.readable.pipeTo(conn.writable).catch(() => {}); // closes it
  });
  await using server = await serve(() => new Response("right"), { ...serving, identity: right });
  await using _ = await publish(hub, right, [at(impostor.port), at(echo.port), at(server.port)]);

  const refused: string[] = [];
  await using peer = await dial(right.id, {
    ...connecting,
    onProgress: (e) => e.type === "refused" && refused.push(e.remote),
  });
  assertEquals(await (await peer.fetch("/")).text(), "right");
  assertEquals(peer.path.remote, `127.0.0.1:${server.port}`);
  for (const remote of refused) assertEquals(remote === peer.path.remote, false);
});

Deno.test("connect() says that whoever answers could not prove the id", async () => {
  const { hub, connecting } = inMemory();
  const wanted = generateIdentity();
  await using impostor = await serve(() => new Response("impostor"), { discovery: hub.open() });
  await using _ = await publish(hub, wanted, [at(impostor.port)]);
  const error = await assertRejects(() => connect(wanted.id, connecting), PeerError);
  assertEquals(error.code, "not-proven");
});

Deno.test("connect() does not call a machine that says nothing an impostor", async () => {
  const { hub, connecting } = inMemory();
  const wanted = generateIdentity();
  await using silent = listen(silence);
  await using _ = await publish(hub, wanted, [at(silent.port)]);
  const error = await assertRejects(() => connect(wanted.id, connecting), PeerError);
  assertEquals([error.code, error.message.includes("said nothing")], ["unreachable", true]);
});

Deno.test("connect() says that no address of the peer can be dialled from here", async () => {
  const { hub, connecting } = inMemory();
  const wanted = generateIdentity();
  await using _ = await publish(hub, wanted, [{ kind: "host", hostname: "10.255.1.2", port: 5000 }]);
  const error = await assertRejects(() => connect(wanted.id, connecting), PeerError);
  assertEquals([error.code, error.message.includes("10.255.1.2:5000")], ["no-candidates", true]);
});

Deno.test("connect() rejects with the reason of its signal, at whatever stage", async () => {
  const { hub, connecting } = inMemory();
  const wanted = generateIdentity();
  await using silent = listen(silence);
  await using _ = await publish(hub, wanted, [at(silent.port)]);
  const reason = new Error("enough");
  assertEquals(await assertRejects(() => connect(wanted.id, { signal: AbortSignal.abort(reason) })), reason);
  for (const stage of ["resolved", "candidates", "knock"]) {
    const controller = new AbortController();
    const connecting2 = connect(wanted.id, {
      ...connecting,
      signal: controller.signal,
      onProgress: (e) => e.type === stage && controller.abort(reason),
    });
    assertEquals(await assertRejects(() => connecting2), reason, stage);
  }
});

Deno.test("a Peer rejects what is asked of it after close()", async () => {
  const { serving, connecting } = inMemory();
  await using server = await serve(() => new Response("ok"), serving);
  const peer = await dial(server.id, connecting);
  let isClosed = false;
  const first = peer.close().then(() => isClosed = true);
  await peer.close();
  assertEquals(isClosed, true, "who closes it again waits as long");
  await first;
  const error = await assertRejects(() => peer.fetch("/"), PeerError);
  assertEquals(error.code, "closed");
});

Deno.test("a Peer comes back to a serving peer that has moved to another port", async () => {
  const { hub, connecting } = inMemory();
  const identity = generateIdentity();
  const first = await serve(() => new Response("first"), { discovery: hub.open(), identity });
  await using peer = await dial(identity.id, connecting);
  assertEquals(await (await peer.fetch("/")).text(), "first");
  await first.shutdown();
  await using _ = await serve(() => new Response("second"), { discovery: hub.open(), identity });
  assertEquals(await (await peer.fetch("/")).text(), "second");
});
