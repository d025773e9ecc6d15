import { assert, assertEquals, assertLessOrEqual, assertNotEquals } from "@std/assert";
import { signItem, targetOf } from "../../lib/discovery/item.ts";
import {
  EPOCH_MS,
  epochOf,
  epochsAround,
  listIdentity,
  packList,
  prependToList,
  readList,
  unpackList,
} from "../../lib/discovery/knock_list.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { seededRandom } from "../simulation.ts";
import { FakeNetwork } from "./_fake_dht.ts";

const { publicKey } = new Identity(new Uint8Array(32).fill(7));
const signal = new AbortController().signal;
const box = (number: number, length = 200) => new Uint8Array(length).fill(number);

/** The first byte of each box that any node holds, of the newest list. */
function listed(network: FakeNetwork): number[] {
  const list = listIdentity(publicKey, epochOf(network.wallClock()));
  const key = targetOf(list.publicKey).toHex();
  const items = network.nodes.map((node) => node.items.get(key)).filter((item) => item !== undefined);
  const newest = items.sort((a, b) => b.seq - a.seq)[0];
  return readList(newest, list).map((one) => one[0]!);
}

Deno.test("unpackList() gives what packList() took, as far as 996 bytes go", () => {
  const boxes = [1, 2, 3, 4, 5, 6].map((number) => box(number));
  const packed = packList(boxes);
  assertLessOrEqual(packed.length, 996);
  assertEquals(unpackList(packed), boxes.slice(0, 4));
  assertEquals(unpackList(packList([])), []);
});

Deno.test("unpackList() gives bounded boxes for any bytes", () => {
  const random = seededRandom(5);
  for (let i = 0; i < 3000; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 1010) }, () => random() * 256);
    bytes[0] = 1;
    for (const one of unpackList(bytes)) assertLessOrEqual(one.length, 307);
  }
  assertEquals(unpackList(Uint8Array.of(2, 0, 1, 9)), []);
  assertEquals(unpackList(Uint8Array.of(1, 0, 0, 0, 0)), []);
  assertEquals(unpackList(Uint8Array.of(1, 0, 1, 9, 0, 2, 9)), [Uint8Array.of(9)]);
});

Deno.test("listIdentity() is another for each key and hour", () => {
  const now = 1_800_000_000_000;
  assertEquals(listIdentity(publicKey, 5).id, listIdentity(publicKey, 5).id);
  assertNotEquals(listIdentity(publicKey, 5).id, listIdentity(publicKey, 6).id);
  assertNotEquals(listIdentity(publicKey, 5).id, listIdentity(publicKey.toReversed(), 5).id);
  assertEquals(epochOf(now + EPOCH_MS), epochOf(now) + 1);
});

Deno.test("epochsAround() names two epochs only near the boundary", () => {
  const start = epochOf(1_800_000_000_000) * EPOCH_MS, epoch = epochOf(start);
  const around = [0, 4, 6, 30, 54, 56].map((minute) => epochsAround(start + minute * 60_000));
  const [before, after] = [[epoch, epoch - 1], [epoch, epoch + 1]];
  assertEquals(around, [before, before, [epoch], [epoch], [epoch], after]);
});

Deno.test("readList() reads only what the list's own key signed", () => {
  const list = listIdentity(publicKey, 1);
  const item = signItem(list, 1, packList([box(1)]));
  assertEquals(readList(item, list), [box(1)]);
  assertEquals(readList({ ...item, seq: 2 }, list), []);
  assertEquals(readList(item, listIdentity(publicKey, 2)), []);
  assertEquals(readList(undefined, list), []);
});

Deno.test("prependToList() puts the newest first and drops the oldest", async () => {
  const network = new FakeNetwork(8);
  const { clock } = network;
  for (let i = 1; i <= 6; i++) {
    const options = { clock, now: network.wallClock(), signal };
    assertEquals(await clock.run(prependToList(network.open(), publicKey, box(i), options)), 8);
  }
  assertEquals(listed(network), [6, 5, 4, 3]);
});

Deno.test("prependToList() keeps both of two that write at once", async () => {
  const network = new FakeNetwork(8);
  const { clock } = network;
  const options = { clock, now: network.wallClock(), signal };
  const write = (number: number) => prependToList(network.open(), publicKey, box(number), options);
  await clock.run(Promise.all([write(1), write(2)]));
  assertEquals(listed(network).sort(), [1, 2]);
});

Deno.test("prependToList() gives up after three attempts where nodes refuse", async () => {
  const network = new FakeNetwork(8);
  for (const node of network.nodes) node.refuses = true;
  const { clock } = network;
  const options = { clock, now: network.wallClock(), signal };
  assertEquals(await clock.run(prependToList(network.open(), publicKey, box(1), options)), 0);
  assertEquals(network.nodes[0]!.asked.filter((a) => a.method === "put").length, 3);
});

Deno.test("prependToList() has no number left after the greatest, and does not throw", async () => {
  const network = new FakeNetwork(8);
  const { clock } = network;
  const list = listIdentity(publicKey, epochOf(network.wallClock()));
  const item = signItem(list, Number.MAX_SAFE_INTEGER, packList([]));
  for (const node of network.nodes) node.items.set(targetOf(list.publicKey).toHex(), item);
  const options = { clock, now: network.wallClock(), signal };
  assertEquals(await clock.run(prependToList(network.open(), publicKey, box(1), options)), 0);
});

Deno.test("prependToList() rejects with the reason of its signal", async () => {
  const network = new FakeNetwork(8);
  const { clock } = network;
  const over = new AbortController();
  const reason = new Error("enough");
  clock.schedule(60, () => over.abort(reason));
  const options = { clock, now: network.wallClock(), signal: over.signal };
  const outcome = await clock.run(
    prependToList(network.open(), publicKey, box(1), options).catch((error) => error),
  );
  assert(outcome === reason);
});
