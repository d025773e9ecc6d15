import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { targetOf } from "../../lib/discovery/item.ts";
import { prependToList } from "../../lib/discovery/knock_list.ts";
import { DhtPublication } from "../../lib/discovery/publication.ts";
import { decodeRecord } from "../../lib/discovery/record.ts";
import { sealKnock } from "../../lib/discovery/seal.ts";
import type { Knock, ServiceRecord } from "../../lib/discovery/types.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { type FakeDht, FakeNetwork } from "./_fake_dht.ts";
import { natOf } from "../../lib/nat.ts";

const identity = new Identity(new Uint8Array(32).fill(7));
const caller = new Identity(new Uint8Array(32).fill(8));
const { publicKey } = identity;
const TARGET = targetOf(publicKey);
const KEY = TARGET.toHex();
const SENDER = { hostname: "198.51.100.7", port: 6881 };

async function publish(network: FakeNetwork, dht: FakeDht = network.open(), signal?: AbortSignal) {
  const { clock, wallClock } = network;
  const knocks: Knock[] = [];
  const heard = { count: 0, resolve: () => {} };
  let closed = 0;
  const publication = await network.run(DhtPublication.start({
    ...{ dht, clock, wallClock, identity },
    ...(signal && { signal }),
    describe: () => ({
      candidates: [{ kind: "reflexive", hostname: "203.0.113.1", port: 50000 }],
      nat: natOf("preserving"),
    }),
    onKnock: (knock) => {
      knocks.push(knock);
      if (knocks.length >= heard.count) heard.resolve();
    },
    onClosed: () => void closed++,
  }));
  const close = () => network.run(publication.close());
  const pass = (ms: number) => network.run(network.clock.pass(ms));
  /** Until there were so many knocks; boxes are opened in real time. */
  const hear = (count: number) =>
    network.run(
      new Promise<void>((resolve) => {
        Object.assign(heard, { count, resolve });
        if (knocks.length >= count) resolve();
      }),
    );
  return { publication, knocks, close, pass, hear, closed: () => closed };
}

function published(network: FakeNetwork): ServiceRecord {
  return decodeRecord(publicKey, network.nodes[0]!.items.get(KEY)!.v) as ServiceRecord;
}

async function box(network: FakeNetwork, hostname = "198.51.100.7"): Promise<Uint8Array> {
  const { sealKey } = published(network);
  const content = { candidates: [{ hostname, port: 41000 }], nat: natOf("dependent") };
  return await sealKnock(content, {
    identity: caller,
    recipient: publicKey,
    sealKey,
    now: network.wallClock(),
  });
}

function announce(network: FakeNetwork, hostname: string, port = 41000): void {
  for (const node of network.nodes) {
    node.peers.set(KEY, [...node.peers.get(KEY) ?? [], { hostname, port }]);
  }
}

Deno.test("DhtPublication publishes a key of its own for knocks", async () => {
  const network = new FakeNetwork(8);
  const first = await publish(network);
  const { sealKey } = published(network);
  await first.close();
  const second = await publish(network);
  assert(sealKey.toHex() !== published(network).sealKey.toHex());
  await second.close();
});

Deno.test("DhtPublication reports an announcement once, soon after it is made", async () => {
  const network = new FakeNetwork(8);
  const { knocks, close, pass } = await publish(network);
  await pass(3_000);
  announce(network, "198.51.100.7");
  await pass(500);
  const expected: Knock[] = [{ via: "announce", candidates: [{ hostname: "198.51.100.7", port: 41000 }] }];
  assertEquals(knocks, expected);
  await pass(60_000);
  assertEquals(knocks, expected);
  await close();
});

Deno.test("DhtPublication hears a knock that was made while it was starting", async () => {
  const network = new FakeNetwork(8);
  announce(network, "198.51.100.7");
  const { knocks, close, pass } = await publish(network);
  await pass(1_000);
  assertEquals(knocks.length, 1);
  await close();
});

Deno.test("DhtPublication takes no more than 64 old announcements for new at its start", async () => {
  const network = new FakeNetwork(8);
  for (let i = 0; i < 100; i++) announce(network, `198.51.100.${i}`);
  const { knocks, close, pass } = await publish(network);
  await pass(900);
  assertLessOrEqual(knocks.length, 64 + 8);
  await close();
});

Deno.test("DhtPublication reads its list when somebody is announced", async () => {
  const network = new FakeNetwork(8);
  const { clock } = network;
  const { knocks, close, pass, hear } = await publish(network);
  await pass(1_000);
  announce(network, "198.51.100.7");
  const signal = new AbortController().signal;
  const sealed = await box(network);
  await network.run(
    prependToList(network.open(), publicKey, sealed, { clock, now: network.wallClock(), signal }),
  );
  const written = clock.now();
  await hear(2);
  assertLessOrEqual(clock.now() - written, 60_000); // long before the next walk
  assertEquals(knocks.map(({ via }) => via), ["announce", "sealed"]);
  assertEquals([knocks[1]!.nat?.mapping, knocks[1]!.publicKey], ["dependent", caller.publicKey]);
  await close();
});

Deno.test("DhtPublication finds a box in its list without any other sign", async () => {
  const network = new FakeNetwork(8);
  const { clock } = network;
  const { knocks, close, hear } = await publish(network);
  const signal = new AbortController().signal;
  const sealed = await box(network);
  await network.run(
    prependToList(network.open(), publicKey, sealed, { clock, now: network.wallClock(), signal }),
  );
  await hear(1);
  assertLessOrEqual(clock.now(), 240_000);
  assertEquals(knocks.map(({ via }) => via), ["sealed"]);
  await close();
});

Deno.test("DhtPublication opens a knock by datagram, once, and has nothing to say to whoever cannot make one", async () => {
  const network = new FakeNetwork(8);
  const dht = network.open();
  const { publication, knocks, close, pass, hear } = await publish(network, dht);
  const sealed = await box(network);
  const stranger = { hostname: "192.0.2.66", port: 6881 };
  for (let i = 0; i < 3; i++) publication.datagram(sealed, SENDER);
  publication.datagram(new Uint8Array(200), stranger);
  await hear(1);
  await pass(1_000);
  assertEquals(knocks.map(({ via }) => via), ["datagram"]);
  assertEquals(dht.datagrams.map(({ to }) => to), [SENDER]); // is it there?
  publication.datagram(sealed, SENDER);
  publication.datagram(new Uint8Array(200), stranger);
  assertEquals(dht.datagrams.map(({ to }) => to), [SENDER, SENDER]);
  await close();
});

Deno.test("DhtPublication opens few datagrams of one address, and still those of another", async () => {
  const network = new FakeNetwork(8);
  const { publication, knocks, close, hear } = await publish(network);
  const boxes = await Promise.all(Array.from({ length: 20 }, (_, i) => box(network, `192.0.2.${i}`)));
  for (const one of boxes) publication.datagram(one, SENDER);
  await hear(4);
  publication.datagram(await box(network), { hostname: "198.51.100.8", port: 1 });
  await hear(5);
  assertEquals(knocks.length, 5);
  await close();
});

Deno.test("DhtPublication polls often again after a knock", async () => {
  const network = new FakeNetwork(8);
  const { knocks, close, pass } = await publish(network);
  await network.clock.pass(11 * 60_000);
  announce(network, "198.51.100.7");
  await pass(1_000);
  assertEquals(knocks.length, 1);
  const before = network.count(0, "get_peers");
  await pass(10_000);
  assertGreater(network.count(0, "get_peers") - before, 70);
  await close();
});

Deno.test("DhtPublication gives its record to nodes that become the closest ones", async () => {
  const network = new FakeNetwork(12);
  const late = network.closest(TARGET)[0]!;
  late.isSilent = true;
  const { close, pass } = await publish(network);
  assertEquals(late.items.has(KEY), false);
  late.isSilent = false;
  await pass(3 * 60_000);
  assertEquals(late.items.has(KEY), true);
  await close();
});

Deno.test("DhtPublication publishes again after an outage that lost the record", async () => {
  const network = new FakeNetwork(8);
  const { publication, close } = await publish(network);
  const first = network.nodes[0]!.items.get(KEY)!.seq;
  await network.clock.pass(60_000);
  network.isUp = false;
  await network.clock.pass(5 * 60_000);
  for (const node of network.nodes) node.items.clear();
  network.up();
  await network.clock.pass(20_000);
  assertGreater(network.nodes[0]!.items.get(KEY)!.seq, first);
  assertEquals(publication.acknowledgements, 8);
  await close();
});

Deno.test("DhtPublication asks nothing and reports nothing once closed", async () => {
  const network = new FakeNetwork(8);
  const { publication, knocks, close, closed, pass } = await publish(network);
  await pass(1_000);
  await close();
  await close();
  const count = network.count(0);
  announce(network, "198.51.100.7");
  publication.update();
  publication.datagram(await box(network), SENDER);
  await pass(60 * 60_000 / 10);
  assertEquals([network.count(0), knocks.length, closed()], [count, 0, 1]);
});

Deno.test("DhtPublication.start() rejects with the reason of its signal, and leaves nothing behind", async () => {
  const network = new FakeNetwork(8);
  network.isUp = false;
  const over = new AbortController();
  network.clock.schedule(5_000, () => over.abort("enough"));
  const outcome = await publish(network, network.open(), over.signal).catch((error) => error);
  assertEquals(outcome, "enough");
  network.up();
  await network.run(network.clock.pass(60_000));
  assertEquals(network.count(0), 0);
});
