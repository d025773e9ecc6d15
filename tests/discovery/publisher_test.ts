import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { Holders } from "../../lib/discovery/holders.ts";
import { signItem, targetOf } from "../../lib/discovery/item.ts";
import { LOOK_MS, Publisher } from "../../lib/discovery/publisher.ts";
import { decodeRecord, encodeRecord } from "../../lib/discovery/record.ts";
import type { ServiceRecord } from "../../lib/discovery/types.ts";
import { PeerError } from "../../lib/errors.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { FakeNetwork } from "./_fake_dht.ts";
import { natOf } from "../../lib/nat.ts";

const identity = new Identity(new Uint8Array(32).fill(7));
const KEY = targetOf(identity.publicKey).toHex();
const MINUTE = 60_000;

function setUp(nodes: number) {
  const network = new FakeNetwork(nodes);
  const { clock, wallClock } = network;
  const record = { port: 1000 };
  const describe = (): ServiceRecord => ({
    candidates: [{ kind: "host", hostname: "10.0.0.1", port: record.port }],
    nat: natOf("unknown"),
    sealKey: new Uint8Array(32),
  });
  const published: { at: number; count: number; error: Error | undefined }[] = [];
  const holders = new Holders();
  const publisher = new Publisher({
    ...{ dht: network.open(), clock, wallClock, identity, describe, holders },
    onPublished: (count, error) => void published.push({ at: clock.now(), count, error }),
  });
  const over = new AbortController();
  const run = () => {
    const running = publisher.run(over.signal).catch(() => {});
    return () => (over.abort(), clock.run(running));
  };
  return { network, clock, record, published, holders, publisher, signal: over.signal, over, run };
}

const RIVAL: ServiceRecord = {
  candidates: [{ kind: "host", hostname: "10.0.0.9", port: 9 }],
  nat: natOf("unknown"),
  sealKey: new Uint8Array(32),
};

function seqs(network: FakeNetwork): number[] {
  return network.nodes.map((node) => node.items.get(KEY)?.seq ?? 0).filter((seq) => seq > 0);
}

function portOf(network: FakeNetwork): number {
  const record = decodeRecord(identity.publicKey, network.nodes[0]!.items.get(KEY)!.v);
  return (record as ServiceRecord).candidates[0]!.port;
}

Deno.test("Publisher puts the record at the eight closest nodes, numbered by the microsecond", async () => {
  const { network, clock, publisher, signal, published } = setUp(20);
  await clock.run(publisher.start(signal));
  assertEquals([publisher.acknowledgements, seqs(network).length], [8, 8]);
  assertLessOrEqual(Math.abs(seqs(network)[0]! - network.wallClock() * 1000), 200_000);
  assertEquals(published.map(({ count, error }) => [count, error]), [[8, undefined]]);
});

Deno.test("Publisher is content with one node where there is one", async () => {
  const { clock, publisher, signal } = setUp(1);
  await clock.run(publisher.start(signal));
  assertEquals(publisher.acknowledgements, 1);
});

Deno.test("Publisher is content with three of eight", async () => {
  const { network, clock, publisher, signal } = setUp(8);
  for (const node of network.nodes.slice(3)) node.refuses = true;
  await clock.run(publisher.start(signal));
  assertEquals(publisher.acknowledgements, 3);
});

Deno.test("Publisher gives up at last where only two of eight take the record", async () => {
  const { network, clock, publisher, published, signal } = setUp(8);
  for (const node of network.nodes.slice(2)) node.refuses = true;
  const error = await clock.run(publisher.start(signal).catch((error) => error));
  assert(error instanceof PeerError);
  assertEquals(error.code, "publish-failed");
  assertEquals(published.length, 5);
  assertGreaterOrEqual(clock.now(), 15_000); // 1 + 2 + 4 + 8 s
});

Deno.test("Publisher waits while offline, and publishes once online", async () => {
  const { network, clock, publisher, published, signal } = setUp(8);
  network.isUp = false;
  const started = publisher.start(signal);
  await clock.pass(10 * MINUTE);
  assertEquals(published, []);
  network.up();
  await clock.run(started);
  assertEquals(publisher.acknowledgements, 8);
});

Deno.test("Publisher rejects with the reason of its signal", async () => {
  const { network, clock, publisher, signal, over } = setUp(8);
  network.isUp = false;
  const started = publisher.start(signal).catch((error) => error);
  over.abort("enough");
  assertEquals(await clock.run(started), "enough");
});

Deno.test("Publisher publishes again every half hour, each time with a higher number", async () => {
  const { network, clock, publisher, published, signal, run } = setUp(8);
  await clock.run(publisher.start(signal));
  const stop = run();
  const first = seqs(network)[0]!;
  for (let before = first, count = 2; count <= 5; count++) {
    await clock.pass(33 * MINUTE + 1_000 - (clock.now() - published.at(-1)!.at));
    assertEquals(published.length, count);
    assertGreaterOrEqual(published.at(-1)!.at - published.at(-2)!.at, 27 * MINUTE);
    assertGreater(Math.min(...seqs(network)), before);
    before = seqs(network)[0]!;
  }
  await stop();
});

Deno.test("Publisher puts its record back within minutes where another process of the same identity put its own", async () => {
  const first = setUp(8);
  const { network, clock, publisher, published, signal, run } = first;
  await clock.run(publisher.start(signal));
  const stop = run();
  for (let i = 0; i < 2; i++) {
    await clock.pass(1_000);
    const rival = signItem(identity, network.wallClock() * 1000, encodeRecord(identity.publicKey, RIVAL));
    for (const node of network.nodes) node.items.set(KEY, rival);
    assertEquals(portOf(network), 9);
    await clock.pass(LOOK_MS + 2_000);
    assertEquals([portOf(network), published.length], [1000, 2 + i]);
  }
  await stop();
});

Deno.test("Publisher publishes a change within 250 ms and a round trip, many at once being one", async () => {
  const { network, clock, publisher, published, record, signal, run } = setUp(8);
  await clock.run(publisher.start(signal));
  const stop = run();
  const changed = clock.now();
  record.port = 2000;
  for (let i = 0; i < 5; i++) publisher.update();
  await clock.pass(100);
  publisher.update();
  await clock.pass(300);
  assertEquals(portOf(network), 2000);
  assertEquals(published.length, 2);
  assertLessOrEqual(published[1]!.at - changed, 301);
  await clock.pass(MINUTE);
  assertEquals(published.length, 2);
  await stop();
});

Deno.test("Publisher publishes once more a change that comes while it is publishing", async () => {
  const { network, clock, publisher, record, signal, run } = setUp(8);
  await clock.run(publisher.start(signal));
  const stop = run();
  publisher.update();
  await clock.pass(270);
  record.port = 3000;
  publisher.update();
  await clock.pass(1_000);
  assertEquals(portOf(network), 3000);
  await stop();
});

Deno.test("Publisher tries again, ever more slowly, until nodes take the record", async () => {
  const { network, clock, publisher, published, signal, run } = setUp(8);
  await clock.run(publisher.start(signal));
  const stop = run();
  for (const node of network.nodes) node.refuses = true;
  publisher.update();
  await clock.pass(10 * MINUTE);
  const failures = published.filter(({ error }) => error).length;
  assertGreaterOrEqual(failures, 12);
  assertLessOrEqual(failures, 18);
  for (const node of network.nodes) node.refuses = false;
  await clock.pass(MINUTE + 1000);
  assertEquals(published.at(-1)!.error, undefined);
  await stop();
});

Deno.test("Publisher outnumbers the record of another instance, with one try for each look", async () => {
  const { network, clock, publisher, signal, run } = setUp(8);
  const foreign = network.wallClock() * 1000 + 5 * MINUTE * 1000;
  const replace = (seq: number) => {
    const item = signItem(identity, seq, encodeRecord(identity.publicKey, RIVAL));
    for (const node of network.nodes) node.items.set(KEY, item);
  };
  replace(foreign);
  await clock.run(publisher.start(signal));
  assertEquals(new Set(seqs(network)), new Set([foreign + 1]));
  const stop = run();
  const count = network.count(0, "put");
  replace(foreign + 1000);
  await clock.pass(LOOK_MS - 2_000);
  assertEquals(network.count(0, "put"), count);
  await clock.pass(4_000);
  assertGreater(seqs(network)[0]!, foreign + 1000);
  const after = network.count(0, "put");
  await clock.pass(20 * MINUTE); // nobody else publishes any more: nor do we
  assertEquals(network.count(0, "put"), after);
  await stop();
});

Deno.test("Publisher outnumbers a record that a wrong clock put into the future: nodes refuse what is older", async () => {
  const { network, clock, publisher, signal } = setUp(8);
  const future = (network.wallClock() + 24 * 60 * MINUTE) * 1000;
  const v = encodeRecord(identity.publicKey, {
    candidates: [],
    nat: natOf("open"),
    sealKey: new Uint8Array(32),
  });
  for (const node of network.nodes.slice(0, 4)) node.items.set(KEY, signItem(identity, future, v));
  await clock.run(publisher.start(signal));
  assertEquals(publisher.acknowledgements, 8);
  assertEquals(new Set(seqs(network)), new Set([future + 1]));
});

Deno.test("Publisher gives the record to newcomers at once", async () => {
  const { network, clock, holders, publisher, signal } = setUp(9);
  network.nodes[0]!.isSilent = true;
  await clock.run(publisher.start(signal));
  network.nodes[0]!.isSilent = false;
  const replies = await clock.run(network.open().walk("get_peers", targetOf(identity.publicKey)));
  const newcomers = holders.replace(replies);
  await clock.run(publisher.extend(newcomers, signal));
  assertEquals(seqs(network).length, 9);
  assertEquals(new Set(seqs(network)).size, 1);
});
