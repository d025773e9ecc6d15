import { assert, assertEquals, assertGreater, assertLessOrEqual, assertRejects } from "@std/assert";
import { DhtNode } from "../../lib/discovery/node.ts";
import { DhtDiscovery, type Knock, openDiscovery, type ServiceDescription } from "../../lib/discovery/mod.ts";
import type { Endpoint } from "../../lib/endpoint.ts";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { Simulation } from "../simulation.ts";
import { Testnet } from "../testnet.ts";
import { EPOCH_START_MS, runSlowly } from "./_fake_dht.ts";
import { natOf } from "../../lib/nat.ts";

const DESCRIPTION: ServiceDescription = {
  candidates: [{ kind: "reflexive", hostname: "203.0.113.9", port: 50712 }],
  nat: natOf("preserving"),
};
const ORDINARY = {
  candidates: [{ hostname: "198.51.100.7", port: 41000 }],
  nat: natOf("preserving"),
} as const;

function open(bootstrap: readonly Endpoint[]): Promise<DhtDiscovery> {
  return openDiscovery({ hostname: "127.0.0.1", bootstrap });
}

/** Knocks as they come. */
function listen() {
  const all: Knock[] = [];
  const waiting: { via: Knock["via"]; resolve: (knock: Knock) => void }[] = [];
  return {
    all,
    onKnock(knock: Knock) {
      all.push(knock);
      for (const one of waiting) if (one.via === knock.via) one.resolve(knock);
    },
    next(via: Knock["via"]): Promise<Knock> {
      const known = all.find((knock) => knock.via === via);
      if (known) return Promise.resolve(known);
      return new Promise((resolve) => waiting.push({ via, resolve }));
    },
  };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, PeerError) as PeerError).code;
}

Deno.test("openDiscovery() publishes, resolves and knocks in a network of 20 nodes", async () => {
  await using net = await Testnet.create({ nodes: 20 });
  await using server = await open(net.bootstrap);
  await using client = await open(net.bootstrap);
  const identity = generateIdentity();
  const knocks = listen();
  await using publication = await server.publish(identity, () => DESCRIPTION, knocks);
  assert(publication.acknowledgements >= 3);

  const resolution = await client.resolve(identity.publicKey);
  assertEquals(resolution.record.candidates, DESCRIPTION.candidates);
  assertEquals(resolution.record.nat.mapping, "preserving");

  const caller = generateIdentity();
  const candidates = [...ORDINARY.candidates, { hostname: "2001:db8::7", port: 41000 }];
  const content = { port: 41000, candidates, nat: natOf("dependent") } as const;
  assert(await client.knock(resolution, content, { identity: caller }) >= 1);
  const announced = await knocks.next("announce");
  assertEquals(announced.candidates, [{ hostname: "127.0.0.1", port: 41000 }]);
  const sealed = await knocks.next("sealed");
  assertEquals(sealed, { via: "sealed", candidates, nat: natOf("dependent"), publicKey: caller.publicKey });
  assertEquals(knocks.all.length, 2);
});

Deno.test("openDiscovery() works with a single node, which is the serving peer's own", async () => {
  await using server = await open([]);
  const bootstrap = [{ hostname: "127.0.0.1", port: server.port }];
  await using client = await open(bootstrap);
  const identity = generateIdentity();
  const knocks = listen();
  await using publication = await server.publish(identity, () => DESCRIPTION, knocks);
  assertEquals(publication.acknowledgements, 1);
  const resolution = await client.resolve(identity.publicKey);
  const content = { ...ORDINARY, port: 41000 };
  assert(await client.knock(resolution, content, { identity: generateIdentity() }) >= 1);
  assertEquals((await knocks.next("announce")).candidates, [{ hostname: "127.0.0.1", port: 41000 }]);
});

Deno.test("knock() reaches the service by datagram where its DHT socket can be reached", async () => {
  await using net = await Testnet.create({ nodes: 10 });
  await using server = await open(net.bootstrap);
  await using client = await open(net.bootstrap);
  const [one, other] = [generateIdentity(), generateIdentity()];
  const [knocks, quiet] = [listen(), listen()];
  const dht = { hostname: "127.0.0.1", port: server.port };
  await using _one = await server.publish(one, () => ({ ...DESCRIPTION, dht }), knocks);
  await using _other = await server.publish(other, () => ({ ...DESCRIPTION, dht }), quiet);
  const resolution = await client.resolve(one.publicKey);
  const caller = generateIdentity();
  await client.knock(resolution, { ...ORDINARY, port: 41000 }, { identity: caller });
  const { candidates, nat } = ORDINARY;
  const expected = { via: "datagram", candidates, nat, publicKey: caller.publicKey } as const;
  assertEquals(await knocks.next("datagram"), expected);
  await knocks.next("announce");
  assertEquals(quiet.all, []);
});

Deno.test("publish() makes a change visible to the next lookup, under a higher number", async () => {
  await using net = await Testnet.create({ nodes: 10 });
  await using server = await open(net.bootstrap);
  await using client = await open(net.bootstrap);
  const identity = generateIdentity();
  let description = DESCRIPTION;
  const published = Promise.withResolvers<void>();
  let count = 0;
  await using publication = await server.publish(identity, () => description, {
    onKnock() {},
    onPublished: () => ++count === 2 && published.resolve(),
  });
  const before = await client.resolve(identity.publicKey);
  description = { ...DESCRIPTION, nat: natOf("dependent") };
  publication.update();
  await published.promise;
  const after = await client.resolve(identity.publicKey);
  assertEquals(after.record.nat.mapping, "dependent");
  assertGreater(after.seq, before.seq);
});

Deno.test("publish() is heard within 300 ms while hot, and sends at most 120 packets a minute when idle", async () => {
  await using net = await Simulation.create(60); // 50 ms round trip
  const { clock } = net;
  const options = { clock, wallClock: () => EPOCH_START_MS + clock.now() };
  const node = await net.open({ readOnly: true });
  const server = new DhtDiscovery(node, options);
  const client = new DhtDiscovery(await net.open({ readOnly: true }), options);
  const identity = generateIdentity();
  const knocks: number[] = [];
  await runSlowly(
    clock,
    server.publish(identity, () => ({ ...DESCRIPTION, dht: node.endpoint }), {
      onKnock: ({ via }) => void (via === "announce" && knocks.push(clock.now())),
    }),
  );
  await clock.pass(1_000);
  const resolution = await clock.run(client.resolve(identity.publicKey));
  const knocked = clock.now();
  await runSlowly(
    clock,
    client.knock(resolution, { ...ORDINARY, port: 41000 }, { identity: generateIdentity() }),
  );
  await clock.pass(1_000);
  assertEquals(knocks.length, 1);
  assertLessOrEqual(knocks[0]! - knocked, 300);

  await clock.pass(15 * 60_000);
  const before = node.stats.sent;
  await clock.pass(10 * 60_000);
  assertLessOrEqual((node.stats.sent - before) / 10, 120);
  await clock.run(Promise.all([server.close(), client.close()]));
});

Deno.test("publish() waits for a network, and is found once there is one", async () => {
  const placeholder = await DhtNode.open({ hostname: "127.0.0.1", bootstrap: [], readOnly: false });
  const { port } = placeholder;
  await placeholder.close();
  await using server = await open([{ hostname: "127.0.0.1", port }]);
  const identity = generateIdentity();
  let isPublished = false;
  const publishing = server.publish(identity, () => DESCRIPTION, { onKnock() {} }).finally(() =>
    isPublished = true
  );
  assertEquals(isPublished, false);
  await using _node = await DhtNode.open({ hostname: "127.0.0.1", port, bootstrap: [], readOnly: false });
  await using _publication = await publishing;
  await using client = await open([{ hostname: "127.0.0.1", port }]);
  assertEquals((await client.resolve(identity.publicKey)).record.nat.mapping, "preserving");
});

Deno.test("resolve() says not-found where nobody published", async () => {
  await using net = await Testnet.create({ nodes: 10 });
  await using client = await open(net.bootstrap);
  assertEquals(await codeOf(client.resolve(generateIdentity().publicKey)), "not-found");
});

Deno.test("DhtDiscovery rejects with the reason of a signal", async () => {
  await using net = await Testnet.create({ nodes: 3 });
  await using client = await open(net.bootstrap);
  const identity = generateIdentity();
  const signal = AbortSignal.abort("enough");
  const resolution = {
    publicKey: identity.publicKey,
    record: { ...DESCRIPTION, sealKey: new Uint8Array(32) },
    seq: 1,
    holders: [],
  };
  const outcomes = [
    client.resolve(identity.publicKey, { signal }),
    client.publish(identity, () => DESCRIPTION, { onKnock() {}, signal }),
    client.knock(resolution, { ...ORDINARY, port: 1 }, { identity, signal }),
  ].map((promise) => promise.then(() => "done", (reason) => reason));
  assertEquals(await Promise.all(outcomes), ["enough", "enough", "enough"]);
});

Deno.test("DhtDiscovery.close() ends publications and lookups under way, and is idempotent", async () => {
  await using net = await Testnet.create({ nodes: 10 });
  const server = await open(net.bootstrap);
  const identity = generateIdentity();
  await server.publish(identity, () => DESCRIPTION, { onKnock() {} });
  const resolution = await server.resolve(identity.publicKey);
  const pending = [
    server.resolve(generateIdentity().publicKey),
    server.publish(generateIdentity(), () => DESCRIPTION, { onKnock() {} }),
    server.knock(resolution, { ...ORDINARY, port: 1, nat: natOf("dependent") }, { identity }),
  ].map((promise) => promise.then(() => "done", (reason) => reason.name));
  await Promise.all([server.close(), server.close()]);
  assertEquals(await Promise.all(pending), ["AbortError", "AbortError", "AbortError"]);
  await assertRejects(() => server.resolve(identity.publicKey), DOMException, "closed");
});
