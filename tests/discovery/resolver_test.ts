import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { signItem, targetOf } from "../../lib/discovery/item.ts";
import { encodeRecord } from "../../lib/discovery/record.ts";
import { type Found, resolveRecord } from "../../lib/discovery/resolver.ts";
import { PeerError } from "../../lib/errors.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { FakeNetwork, type FakeNode } from "./_fake_dht.ts";
import { natOf } from "../../lib/nat.ts";

const identity = new Identity(new Uint8Array(32).fill(7));
const { publicKey } = identity;
const TARGET = targetOf(publicKey);
const HOUR = 3_600_000;

function valueWithPort(port: number): Uint8Array {
  const candidates = [{ kind: "host" as const, hostname: "10.0.0.1", port }];
  return encodeRecord(publicKey, { candidates, nat: natOf("open"), sealKey: new Uint8Array(32) });
}

/** Stores a record of a certain age at some nodes. */
function store(network: FakeNetwork, nodes: readonly FakeNode[], port: number, ageMs = 0): void {
  const item = signItem(identity, (network.wallClock() - ageMs) * 1000, valueWithPort(port));
  for (const node of nodes) node.items.set(TARGET.toHex(), item);
}

async function resolve(network: FakeNetwork, signal = new AbortController().signal): Promise<Found> {
  const { clock, wallClock } = network;
  return await clock.run(resolveRecord(publicKey, { dht: network.open(), clock, wallClock, signal }));
}

async function code(network: FakeNetwork): Promise<string> {
  const error = await resolve(network).catch((error) => error);
  if (!(error instanceof PeerError)) throw new Error(`expected a PeerError, got ${error}`);
  return `${error.code}: ${error.message}`;
}

const portOf = ({ resolution }: Found) => resolution.record.candidates[0]!.port;

Deno.test("resolveRecord() finds a record, and the nodes that write tokens came from", async () => {
  const network = new FakeNetwork(20);
  store(network, network.closest(TARGET), 1);
  const found = await resolve(network);
  assertEquals(found.resolution.publicKey, publicKey);
  assertEquals(found.resolution.seq, 1_800_000_000_000_000);
  const holders = await network.clock.run(found.holders);
  assertEquals(holders.map(({ from }) => from), network.closest(TARGET).map(({ contact }) => contact));
  assert(holders.every(({ token }) => token));
});

Deno.test("resolveRecord() takes the newest of what nodes hold", async () => {
  const network = new FakeNetwork(8);
  network.nodes.forEach((node, i) => store(network, [node], i, (20 - i % 5) * 60_000));
  assertEquals(portOf(await resolve(network)), 4);
});

Deno.test("resolveRecord() does not wait for the slowest node once it has a fresh record", async () => {
  const network = new FakeNetwork(8);
  store(network, network.nodes, 1);
  network.nodes[3]!.delayMs = 1_500;
  const found = await resolve(network);
  assertLessOrEqual(network.clock.now(), 210);
  assertEquals(found.resolution.holders.length, 7);
  assertEquals((await network.clock.run(found.holders)).length, 8);
});

Deno.test("resolveRecord() tells of each holder as it answers, though the walk waits for others", async () => {
  const network = new FakeNetwork(8);
  store(network, network.nodes, 1);
  network.nodes[3]!.delayMs = 400;
  network.nodes[5]!.delayMs = 1_500;
  const found = await resolve(network);
  const told: [id: number, at: number][] = [];
  found.follow(({ from }) => told.push([from.id[0]!, network.clock.now()]));
  assertEquals(told.length, 6);
  await network.clock.run(found.holders);
  assertEquals(told.slice(6), [[4, 450], [6, 1_550]]);
});

Deno.test("resolveRecord() tells of no node that is farther than eight others", async () => {
  const network = new FakeNetwork(9);
  const [ninth] = network.nodes.filter((node) => !network.closest(TARGET).includes(node));
  store(network, network.closest(TARGET), 1);
  const { clock, wallClock } = network;
  const { signal } = new AbortController();
  const dht = network.open();
  const late = Promise.withResolvers<void>();
  dht.walk = async (method, target, options = {}) => {
    const replies = await network.open().walk(method, target, options);
    await late.promise;
    options.onReply?.(await dht.get(ninth!.contact, target));
    return replies;
  };
  const found = await clock.run(resolveRecord(publicKey, { dht, clock, wallClock, signal }));
  const told: number[] = [];
  found.follow(({ from }) => told.push(from.id[0]!));
  late.resolve();
  await clock.run(found.holders);
  assertEquals([told.length, told.includes(ninth!.contact.id[0]!)], [8, false]);
});

Deno.test("resolveRecord() waits a round trip for a newer record", async () => {
  const network = new FakeNetwork(8);
  store(network, network.nodes, 1, 60_000);
  network.nodes[5]!.delayMs = 40;
  store(network, [network.nodes[5]!], 2);
  assertEquals(portOf(await resolve(network)), 2);
});

Deno.test("resolveRecord() takes a stale record only when no node has a newer one", async () => {
  const network = new FakeNetwork(8);
  store(network, network.nodes, 1, 3 * HOUR);
  network.nodes[5]!.delayMs = 1_500;
  store(network, [network.nodes[5]!], 2, HOUR);
  assertEquals(portOf(await resolve(network)), 2);
  store(network, [network.nodes[5]!], 3, 4 * HOUR);
  assertEquals(portOf(await resolve(network)), 1);
});

Deno.test("resolveRecord() takes a record from the future only when no node has another", async () => {
  const network = new FakeNetwork(8);
  store(network, network.nodes, 1, -HOUR);
  store(network, [network.nodes[5]!], 2, -2 * HOUR);
  assertEquals(portOf(await resolve(network)), 2); // our own clock is wrong, most likely
  network.nodes[3]!.delayMs = 1_500;
  store(network, [network.nodes[3]!], 3, 3 * HOUR);
  assertEquals(portOf(await resolve(network)), 3);
});

Deno.test("resolveRecord() passes over records from the future and with a wrong signature", async () => {
  const network = new FakeNetwork(8);
  store(network, network.nodes, 1, HOUR);
  store(network, network.nodes.slice(0, 2), 2, -HOUR);
  const forged = signItem(new Identity(new Uint8Array(32).fill(8)), 2 ** 52, valueWithPort(3));
  for (const node of network.nodes.slice(2, 4)) node.items.set(TARGET.toHex(), forged);
  assertEquals(portOf(await resolve(network)), 1);
});

Deno.test("resolveRecord() says bad-record where there are only such", async () => {
  const network = new FakeNetwork(8);
  const forged = { ...signItem(identity, 1, valueWithPort(3)), seq: 2 };
  for (const node of network.nodes) node.items.set(TARGET.toHex(), forged);
  assert((await code(network)).includes("signature"));
  const garbage = signItem(identity, 1, new Uint8Array(30));
  for (const node of network.nodes) node.items.set(TARGET.toHex(), garbage);
  assert((await code(network)).startsWith("bad-record"));
});

Deno.test("resolveRecord() says not-found after two walks that found nothing", async () => {
  const network = new FakeNetwork(8);
  assertEquals(await code(network), "not-found: Cannot resolve the id: 8 nodes answered, none knows it");
  assertEquals(network.count(0, "get"), 16);
});

Deno.test("resolveRecord() says offline after 10 s without a node", async () => {
  const network = new FakeNetwork(8);
  network.isUp = false;
  assert((await code(network)).startsWith("offline"));
  assertEquals(network.clock.now(), 10_000);
});

Deno.test("resolveRecord() says offline where nobody answers", async () => {
  const network = new FakeNetwork(8);
  for (const node of network.nodes) node.isSilent = true;
  assert((await code(network)).startsWith("offline"));
});

Deno.test("resolveRecord() waits for the network to come", async () => {
  const network = new FakeNetwork(8);
  store(network, network.nodes, 1);
  network.isUp = false;
  network.clock.schedule(5_000, () => network.up());
  assertEquals(portOf(await resolve(network)), 1);
});

Deno.test("resolveRecord() rejects with the reason of its signal, in every phase", async () => {
  for (const isUp of [true, false]) {
    const network = new FakeNetwork(8);
    network.isUp = isUp;
    const over = new AbortController();
    network.clock.schedule(20, () => over.abort("enough"));
    assertEquals(await resolve(network, over.signal).catch((error) => error), "enough");
  }
});

Deno.test("resolveRecord() waits for no late node where five of the closest agree, and for all others where they do not", async () => {
  for (const [agreeing, expected] of [[5, 100], [4, 200]] as const) {
    const network = new FakeNetwork(8);
    const closest = network.closest(TARGET);
    store(network, closest.slice(0, agreeing), 1);
    for (const node of closest.slice(agreeing)) node.delayMs = 1_000;
    assertEquals(portOf(await resolve(network)), 1);
    assertEquals(network.clock.now(), expected);
  }
});

Deno.test("resolveRecord() does not take five for an agreement that have moved in where eight should be", async () => {
  const network = new FakeNetwork(8);
  store(network, network.nodes, 1, 60_000);
  const slow = network.closest(TARGET)[6]!;
  slow.delayMs = 120;
  store(network, [slow], 2);
  const { clock, wallClock } = network;
  const dht = network.open();
  const walk = dht.walk.bind(dht);
  dht.walk = (method, target, options = {}) =>
    walk(method, target, { ...options, onReply: (reply) => options.onReply?.(reply, true) });
  const { signal } = new AbortController();
  assertEquals(portOf(await clock.run(resolveRecord(publicKey, { dht, clock, wallClock, signal }))), 2);
});
