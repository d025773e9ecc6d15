import { assertEquals, assertRejects } from "@std/assert";
import { MemoryHub } from "../lib/discovery/mod.ts";
import { PeerError } from "../lib/errors.ts";
import { Gate } from "../lib/_gate.ts";
import { generateIdentity } from "../lib/identity/mod.ts";
import { natOf } from "../lib/nat.ts";
import { ObserverAnnouncer } from "../lib/_observer_announcer.ts";
import { PublishedService } from "../lib/_published_service.ts";
import { openPort } from "../lib/punch/mod.ts";

/** A service that nobody can find yet, in a network of its own. */
async function service(hub: MemoryHub) {
  await using stack = new AsyncDisposableStack();
  const identity = generateIdentity();
  const gate = stack.use(new Gate(identity, { accept: () => Promise.resolve() }, () => {}));
  const discovery = stack.use(hub.open());
  const announce = () => ({ [Symbol.asyncDispose]: () => Promise.resolve() });
  const announcer = stack.use(new ObserverAnnouncer({ ownAddress: () => undefined, announce }));
  const port = stack.use(await openPort({ port: 0, onConnection: (stream) => gate.admit(stream) }));
  const options = {
    discovery,
    identity,
    port,
    announcer,
    gate,
    servers: [],
    portMapping: false,
    report() {},
  };
  const published = stack.use(new PublishedService(options));
  return { published, identity, port: port.port, stack: stack.move() };
}

/** Somebody who awaits a dial. */
async function dialled() {
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  const port = await openPort({
    port: 0,
    onConnection(stream) {
      stream.close();
      resolve();
    },
  });
  return { arrived, port };
}

Deno.test("PublishedService can be found with its port, and answers knocks, until it is disposed of", async () => {
  const hub = new MemoryHub();
  const { published, identity, port, stack } = await service(hub);
  await using _service = stack;
  await using peer = hub.open();
  const { arrived, port: awaiting } = await dialled();
  await using _awaiting = awaiting;

  await published.publish(undefined);
  const found = await peer.resolve(identity.publicKey);
  assertEquals(new Set(found.record.candidates.map((c) => c.port)), new Set([port]));
  const candidates = [{ hostname: "127.0.0.1", port: awaiting.port, kind: "host" as const }];
  await peer.knock(found, { port: awaiting.port, candidates, nat: natOf("open") }, {
    identity: generateIdentity(),
  });
  await arrived;

  await published[Symbol.asyncDispose]();
  const error = await assertRejects(() => peer.resolve(identity.publicKey), PeerError);
  assertEquals(error.code, "not-found");
});

Deno.test("PublishedService answers a knock that comes over a connection before it can be found", async () => {
  const { published, stack } = await service(new MemoryHub());
  await using _service = stack;
  const { arrived, port } = await dialled();
  await using _port = port;
  const from = { hostname: "127.0.0.1", port: port.port };
  published.answer({ via: "control", candidates: [from], from: "127.0.0.1" });
  await arrived;
});

Deno.test("PublishedService stops publishing when it is told to", async () => {
  const { published, stack } = await service(new MemoryHub());
  await using _service = stack;
  await assertRejects(() => published.publish(AbortSignal.abort(new Error("enough"))), Error, "enough");
});
