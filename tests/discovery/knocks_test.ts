import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { Holders } from "../../lib/discovery/holders.ts";
import { KnockWatcher } from "../../lib/discovery/knocks.ts";
import type { Reply } from "../../lib/discovery/types.ts";
import { FakeNetwork } from "./_fake_dht.ts";

const TARGET = new Uint8Array(20).fill(0);
const MINUTE = 60_000;

async function watch(nodes: number) {
  const network = new FakeNetwork(nodes);
  const { clock } = network;
  const dht = network.open();
  const holders = new Holders();
  holders.replace(await clock.run(dht.walk("get", TARGET)));
  const seen: { at: number; reply: Reply }[] = [];
  const walks: number[] = [];
  const start = clock.now();
  const watcher = new KnockWatcher({
    ...{ dht, clock, target: TARGET, holders },
    onPeers: (reply) => void seen.push({ at: clock.now(), reply }),
    onWalk(replies) {
      walks.push(clock.now());
      holders.replace(replies);
      return Promise.resolve();
    },
  });
  const stop = () => clock.run(watcher[Symbol.asyncDispose]());
  return { network, clock, holders, watcher, seen, walks, start, stop };
}

/** How many milliseconds lie between polls, of all nodes together. */
function gaps(network: FakeNetwork, since: number): number[] {
  const times = network.nodes.flatMap((node) => node.asked)
    .filter(({ method, at }) => method === "get_peers" && at >= since)
    .map(({ at }) => at)
    .sort((a, b) => a - b);
  return times.slice(1).map((at, i) => at - times[i]!);
}

Deno.test("KnockWatcher polls each of 8 nodes once a second while hot, evenly spread", async () => {
  const { network, clock, start, stop } = await watch(8);
  await clock.pass(10_000);
  assertEquals(network.nodes.map((node) => node.asked.filter((a) => a.at > start).length), Array(8).fill(10));
  assertEquals(new Set(gaps(network, start + 1)), new Set([125]));
  await stop();
});

Deno.test("KnockWatcher polls no node more than once a second, however few there are", async () => {
  for (const count of [1, 2, 5]) {
    const { network, clock, start, stop } = await watch(count);
    await clock.pass(10_000);
    for (const node of network.nodes) {
      const times = node.asked.filter((a) => a.method === "get_peers" && a.at > start).map((a) => a.at);
      assertEquals(times.length, 10);
      const nearest = Math.min(...times.slice(1).map((at, i) => at - times[i]!));
      assertGreaterOrEqual(nearest, 999);
    }
    await stop();
  }
});

Deno.test("KnockWatcher asks at most 120 times a minute when idle, walks included", async () => {
  const { network, clock, start, stop } = await watch(20);
  await clock.pass(12 * MINUTE);
  const before = network.count(start);
  await clock.pass(10 * MINUTE);
  const perMinute = (network.count(start) - before) / 10;
  assertLessOrEqual(perMinute, 120);
  assertGreaterOrEqual(perMinute, 90);
  await stop();
});

Deno.test("KnockWatcher is hot for 10 minutes after the start, and for 2 after a knock", async () => {
  const { network, clock, watcher, stop } = await watch(8);
  const polls = async () => {
    const before = network.count(0, "get_peers");
    await clock.pass(5_000);
    return network.count(0, "get_peers") - before;
  };
  await clock.pass(9 * MINUTE);
  assertGreaterOrEqual(await polls(), 38);
  await clock.pass(2 * MINUTE);
  assertLessOrEqual(await polls(), 9 + 8); // one walk may be among them
  watcher.heat();
  await clock.pass(1.5 * MINUTE);
  assertGreaterOrEqual(await polls(), 38);
  await clock.pass(MINUTE);
  assertLessOrEqual(await polls(), 9 + 8);
  await stop();
});

Deno.test("KnockWatcher sees what is announced to all nodes within 125 ms and a round trip", async () => {
  const { network, clock, seen, stop } = await watch(8);
  await clock.pass(3_033);
  for (const node of network.nodes) node.peers.set(TARGET.toHex(), [{ hostname: "198.51.100.7", port: 9 }]);
  const announced = clock.now();
  await clock.pass(1_000);
  assertLessOrEqual(seen[0]!.at - announced, 175);
  await stop();
});

Deno.test("KnockWatcher sees it within 600 ms and a round trip when idle", async () => {
  const { network, clock, seen, stop } = await watch(8);
  await clock.pass(11 * MINUTE);
  for (const node of network.nodes) node.peers.set(TARGET.toHex(), [{ hostname: "198.51.100.7", port: 9 }]);
  const announced = clock.now();
  await clock.pass(2_000);
  assertLessOrEqual(seen[0]!.at - announced, 650);
  await stop();
});

Deno.test("KnockWatcher walks every 2 minutes", async () => {
  const { clock, walks, stop } = await watch(8);
  await clock.pass(20 * MINUTE);
  assertGreaterOrEqual(walks.length, 9);
  assertLessOrEqual(walks.length, 10);
  await stop();
});

Deno.test("KnockWatcher gives up a node that does not answer, and soon finds another", async () => {
  const { network, clock, holders, walks, start, stop } = await watch(20);
  network.nodes[0]!.isSilent = true;
  await clock.pass(8_000);
  assertEquals([holders.list.length, walks.length], [7, 0]);
  await clock.pass(35_000);
  assertEquals([holders.list.length, walks.length], [8, 1]);
  assertLessOrEqual(network.nodes[0]!.asked.filter((a) => a.at > start).length, 7);
  for (const node of network.nodes.slice(0, 6)) node.isSilent = true;
  await clock.pass(20_000);
  assertEquals([holders.list.length, walks.length], [8, 2]);
  assertEquals(holders.list.some(({ contact }) => contact.id[0]! <= 6), false);
  await stop();
});

Deno.test("KnockWatcher goes on after an outage", async () => {
  const { network, clock, holders, stop } = await watch(8);
  network.isUp = false;
  await clock.pass(MINUTE);
  assertEquals(holders.list.length, 0);
  const quiet = clock.now();
  await clock.pass(MINUTE);
  assertEquals(network.count(quiet), 0);
  network.up();
  await clock.pass(15_000);
  assertEquals(holders.list.length, 8);
  await stop();
});

Deno.test("KnockWatcher is silent once disposed", async () => {
  const { network, clock, stop } = await watch(8);
  await clock.pass(3_000);
  await stop();
  const count = network.count(0);
  await clock.pass(10 * MINUTE);
  assertEquals(network.count(0), count);
});

Deno.test("KnockWatcher.confirm() asks all nodes at once, but those that were asked within 100 ms", async () => {
  const { network, clock, watcher, stop } = await watch(8);
  await clock.pass(3_033);
  const before = network.count(0, "get_peers");
  watcher.confirm();
  assertEquals(network.count(0, "get_peers") - before, 7);
  watcher.confirm();
  assertEquals(network.count(0, "get_peers") - before, 7);
  await stop();
  watcher.confirm();
  assertEquals(network.count(0, "get_peers") - before, 7);
});

Deno.test("KnockWatcher asks no more than eight nodes a second where there are more of them", async () => {
  const { network, clock, holders, start, stop } = await watch(20);
  holders.replace(network.nodes.map(({ contact }) => ({ from: contact, nodes: [], values: [], rttMs: 1 })));
  await clock.pass(10_000);
  const polls = network.nodes.map((node) => node.asked.filter((a) => a.at > start).length);
  assertGreaterOrEqual(Math.min(...polls), 3);
  assertLessOrEqual(polls.reduce((sum, n) => sum + n), 82);
  await stop();
});
