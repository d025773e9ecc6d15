import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryHub, type ServiceDescription } from "../lib/discovery/mod.ts";
import { PeerError } from "../lib/errors.ts";
import { Gate } from "../lib/_gate.ts";
import { generateIdentity } from "../lib/identity/mod.ts";
import { PathFinder } from "../lib/_path_finder.ts";
import type { Progress } from "../lib/progress.ts";
import { openPort, PUNCH_WINDOW_MS, type PunchPort } from "../lib/punch/mod.ts";
import { serve } from "../mod.ts";
import { natOf } from "../lib/nat.ts";

function finderFor(hub: MemoryHub, publicKey: Uint8Array) {
  const events: Progress[] = [];
  const finder = new PathFinder({
    publicKey,
    identity: generateIdentity(),
    discovery: hub.open(),
    stun: [],
    portMapping: false,
    report: (event) => events.push(event),
  });
  return { finder, events, types: () => events.map((e) => e.type) };
}

const NEVER = new AbortController().signal;

Deno.test("PathFinder.open() resolves once, and knocks no more where plain dials get through", async () => {
  const hub = new MemoryHub(), identity = generateIdentity();
  await using server = await serve(() => new Response("ok"), { discovery: hub.open(), identity });
  const { finder, events, types } = finderFor(hub, identity.publicKey);
  (await finder.open(NEVER)).close();
  assertEquals(finder.path?.remote.endsWith(`:${server.port}`), true);
  const before = events.length;
  for (let i = 0; i < 3; i++) (await finder.open(NEVER)).close();
  assertEquals(types().filter((t) => t === "resolved").length, 1);
  assertEquals(types().slice(before).filter((t) => t === "path").length, 3);
});

Deno.test("PathFinder.open() looks again when what it knew no longer leads anywhere", async () => {
  const hub = new MemoryHub(), identity = generateIdentity();
  const first = await serve(() => new Response("ok"), { discovery: hub.open(), identity });
  const { finder, types } = finderFor(hub, identity.publicKey);
  (await finder.open(NEVER)).close();
  await first.shutdown();
  const error = await assertRejects(() => finder.open(NEVER), PeerError);
  assertEquals(error.code, "not-found");
  await using second = await serve(() => new Response("ok"), { discovery: hub.open(), identity });
  (await finder.open(NEVER)).close();
  assertEquals(finder.path?.remote.endsWith(`:${second.port}`), true);
  assertEquals(types().filter((t) => t === "resolved").length, 2);
});

Deno.test("PathFinder.open() takes the word of a fresh look over that of whoever sits at the old address", async () => {
  const hub = new MemoryHub(), identity = generateIdentity();
  const first = await serve(() => new Response("ok"), { discovery: hub.open(), identity });
  const { finder } = finderFor(hub, identity.publicKey);
  (await finder.open(NEVER)).close();
  await first.shutdown();
  await using impostor = await serve(() => new Response("no"), { discovery: hub.open(), port: first.port });
  assertEquals(impostor.port, first.port);
  const error = await assertRejects(() => finder.open(NEVER), PeerError);
  assertEquals(error.code, "not-found");
});

Deno.test("PathFinder.open() ends with what refused it, when somebody else answers everywhere", async () => {
  const hub = new MemoryHub(), identity = generateIdentity();
  await using impostor = await serve(() => new Response("no"), { discovery: hub.open() });
  const candidates: ServiceDescription["candidates"] = [
    { kind: "host", hostname: "127.0.0.1", port: impostor.port },
  ];
  const discovery = hub.open();
  await using _ = await discovery.publish(identity, () => ({ candidates, nat: natOf("open") }), {
    onKnock: () => {},
  });
  const { finder, types } = finderFor(hub, identity.publicKey);
  const error = await assertRejects(() => finder.open(NEVER), PeerError);
  assertEquals([error.code, types().includes("refused")], ["not-proven", true]);
});

Deno.test("PathFinder.open() knocks again from another port when nothing has come of the first knock", async () => {
  const hub = new MemoryHub(), identity = generateIdentity();
  await using gate = new Gate(identity, { accept: (stream) => Promise.resolve(stream.close()) }, () => {});
  const listen = (port: number) => openPort({ port, onConnection: (stream) => gate.admit(stream) });
  const { port } = await listen(0).then(async (free) => (await free.close(), free));
  const knockedFrom = new Set<number>();
  const opened = Promise.withResolvers<PunchPort>();
  const answer = (own: number) => {
    if (knockedFrom.has(own)) return; // a knock comes by several ways
    if (knockedFrom.add(own).size === 2) opened.resolve(listen(port)); // deaf to the first port
  };
  const candidates = [{ kind: "host", hostname: "127.0.0.1", port }] as const;
  await using _ = await hub.open().publish(identity, () => ({ candidates, nat: natOf("open") }), {
    onKnock: (knock) => answer(knock.candidates[0]!.port),
  });
  const { finder, types } = finderFor(hub, identity.publicKey);
  const start = performance.now();
  (await finder.open(NEVER)).close();
  const ms = performance.now() - start;
  await using _port = await opened.promise;
  assertEquals(types().filter((t) => t === "resolved").length, 2);
  assert(ms < PUNCH_WINDOW_MS, `the first attempt held up the second one: ${ms} ms`);
});
