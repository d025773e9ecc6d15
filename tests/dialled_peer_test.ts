import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { MemoryHub } from "../lib/discovery/mod.ts";
import { dial, generateIdentity, PeerError, type Progress, serve } from "../mod.ts";

/** A peer that is served, and dialled. */
async function setUp() {
  const hub = new MemoryHub(), identity = generateIdentity(), stack = new AsyncDisposableStack();
  const start = () => serve(() => new Response("x".repeat(1000)), { discovery: hub.open(), identity });
  const server = stack.use(await start());
  const events: Progress[] = [];
  const lost = Promise.withResolvers<void>(), restored = Promise.withResolvers<void>();
  const peer = stack.use(
    await dial(identity.id, {
      discovery: hub.open(),
      reconnect: true,
      onProgress(event) {
        events.push(event);
        if (event.type === "lost") lost.resolve();
        if (event.type === "restored") restored.resolve();
      },
    }),
  );
  return { server, start, peer, events, lost, restored, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("Peer.ping() is a round trip, and Peer.stats() counts what went over the paths", async () => {
  await using set = await setUp();
  assertGreater(await set.peer.ping(), 0);
  const before = set.peer.stats();
  await (await set.peer.fetch("/")).text();
  const { receivedBytes, sentBytes, openPaths, roundTrips } = set.peer.stats();
  assertGreater(receivedBytes, before.receivedBytes + 1000);
  assertGreater(sentBytes, 0);
  assertGreater(openPaths, 0);
  assertGreater(roundTrips!.count, 0);
});

Deno.test("Peer.ping() rejects with the reason of its signal, and once the peer is closed", async () => {
  await using set = await setUp();
  const reason = new Error("enough");
  assertEquals(await set.peer.ping({ signal: AbortSignal.abort(reason) }).catch((e) => e), reason);
  await set.peer.close();
  const error = await assertRejects(() => set.peer.ping(), PeerError);
  assertEquals(error.code, "closed");
});

Deno.test("A Peer with `reconnect` says that the serving peer has gone and is back", async () => {
  await using set = await setUp();
  await set.peer.ping();
  await set.server.shutdown();
  await set.lost.promise;
  await using _ = await set.start();
  await set.restored.promise;
  assertEquals((await (await set.peer.fetch("/")).text()).length, 1000);
});
