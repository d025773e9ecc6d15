import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { EPOCH_MS, prependToList } from "../../lib/discovery/knock_list.ts";
import { ListWatcher } from "../../lib/discovery/list_watcher.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { FakeNetwork } from "./_fake_dht.ts";

const { publicKey } = new Identity(new Uint8Array(32).fill(7));
const BOX = new Uint8Array(200).fill(1);

function watch(nodes = 8, wallOffset = 30 * 60_000) {
  const network = new FakeNetwork(nodes);
  const { clock } = network;
  const start = Math.ceil(network.wallClock() / EPOCH_MS) * EPOCH_MS;
  const wallClock = () => start + wallOffset + clock.now();
  const found: { at: number; box: Uint8Array }[] = [];
  const watcher = new ListWatcher({
    ...{ dht: network.open(), clock, wallClock, publicKey },
    onBox: (box) => void found.push({ at: clock.now(), box }),
  });
  const signal = new AbortController().signal;
  const write = (now = wallClock()) =>
    clock.run(prependToList(network.open(), publicKey, BOX, { clock, now, signal }));
  return { network, clock, watcher, found, write, wallClock };
}

Deno.test("ListWatcher reads the list on its way to it", async () => {
  const { clock, watcher, found, write } = watch();
  await write();
  await clock.run(watcher.walk());
  assertEquals(found[0]?.box, BOX);
  await clock.run(watcher[Symbol.asyncDispose]());
});

Deno.test("ListWatcher finds a box that is written after it began to look", async () => {
  const { clock, watcher, found, write } = watch();
  await clock.run(watcher.walk());
  watcher.look();
  await clock.pass(1_000);
  await write();
  const written = clock.now();
  await clock.pass(1_000);
  assert(found[0]);
  assertLessOrEqual(found[0].at - written, 300);
  await clock.run(watcher[Symbol.asyncDispose]());
});

Deno.test("ListWatcher looks for 6 seconds, at 8 nodes a second, however often it is told", async () => {
  const { network, clock, watcher } = watch();
  await clock.run(watcher.walk());
  const start = network.count(0);
  for (let i = 0; i < 10; i++) watcher.look();
  await clock.pass(20_000);
  const asked = network.count(0) - start;
  assertGreaterOrEqual(asked, 47);
  assertLessOrEqual(asked, 49);
  await clock.run(watcher[Symbol.asyncDispose]());
});

Deno.test("ListWatcher asks a single node no more than once a second", async () => {
  const { network, clock, watcher } = watch(1);
  await clock.run(watcher.walk());
  const start = network.count(0);
  watcher.look();
  await clock.pass(20_000);
  assertLessOrEqual(network.count(0) - start, 6);
  await clock.run(watcher[Symbol.asyncDispose]());
});

Deno.test("ListWatcher finds a box of the hour before, just after the hour", async () => {
  const { clock, watcher, found, write, wallClock } = watch(8, 60_000);
  await write(wallClock() - 2 * 60_000);
  await clock.run(watcher.walk());
  assertEquals(found[0]?.box, BOX);
  await clock.run(watcher[Symbol.asyncDispose]());
});

Deno.test("ListWatcher follows the list into the next hour", async () => {
  const { clock, watcher, found, write } = watch(8, 50 * 60_000);
  await clock.run(watcher.walk());
  await clock.pass(30 * 60_000);
  await write();
  watcher.look();
  await clock.pass(1_000);
  assertEquals(found[0]?.box, BOX);
  await clock.run(watcher[Symbol.asyncDispose]());
});

Deno.test("ListWatcher is silent once disposed", async () => {
  const { network, clock, watcher } = watch();
  watcher.look();
  await clock.pass(500);
  await clock.run(watcher[Symbol.asyncDispose]());
  const count = network.count(0);
  watcher.look();
  await clock.pass(10_000);
  assertEquals(network.count(0), count);
});
