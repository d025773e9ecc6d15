import { assertEquals, assertThrows } from "@std/assert";
import { delay } from "@std/async";
import Library from "bittorrent-dht";
import { Identity, verifyBytes } from "../../lib/identity/mod.ts";
import { concat, utf8 } from "../../lib/bytes.ts";
import { createHash } from "node:crypto";
import { readPacket } from "../../lib/discovery/guard.ts";
import { writeBencode } from "../../lib/discovery/bencode.ts";
import { Responder, startLibrary } from "../../lib/discovery/responder.ts";
import { Simulation } from "../simulation.ts";
import type { DatagramSocket } from "../../lib/discovery/socket.ts";

const identity = new Identity(new Uint8Array(32).fill(1));
const ID = new Uint8Array(20).fill(9);
const k = identity.publicKey;
const target = new Uint8Array(createHash("sha1").update(k).digest());

interface Answer {
  r?: Record<string, unknown>;
  e?: [number, string];
}

/** A lone node, and a way to ask it anything at all. */
async function setUp() {
  const simulation = new Simulation({ delayMs: 1 });
  const node = await simulation.open({ bootstrap: [] });
  const asker: DatagramSocket = simulation.socket({ hostname: "12.0.0.1", port: 1 });
  async function ask(q: string, a: Record<string, unknown>, more = {}): Promise<Answer> {
    const got = Promise.withResolvers<Uint8Array>();
    asker.onDatagram = (data) => got.resolve(data);
    asker.send(writeBencode({ t: "t", y: "q", q, a: { id: ID, ...a }, ...more }), node.endpoint);
    const message = readPacket(await simulation.clock.run(got.promise));
    if (message?.y === "r") return { r: message.r };
    return message?.y === "e" ? { e: [message.code, message.message] } : {};
  }
  const token = (await ask("get", { target })).r!.token;
  const put = (seq: number, v: unknown, more = {}) => {
    const sig = identity.sign(concat(utf8(`3:seqi${seq}e1:v`), writeBencode(v)));
    return ask("put", { token, k, seq, sig, v, ...more });
  };
  return { simulation, node, ask, put, token };
}

Deno.test("Responder stores a mutable item and gives it back, signature and all", async () => {
  const { simulation, ask, put } = await setUp();
  const stored = await put(1_800_000_000_000_000, "hello");
  assertEquals(stored.e, undefined);
  const { r } = await ask("get", { target });
  assertEquals([String(r!.v), r!.seq], ["hello", 1_800_000_000_000_000]);
  const message = utf8("3:seqi1800000000000000e1:v5:hello");
  assertEquals(verifyBytes(r!.k as Uint8Array, message, r!.sig as Uint8Array), true);
  await simulation.close();
});

Deno.test("Responder follows BEP 44's rules for what may replace an item", async () => {
  const { simulation, ask, put } = await setUp();
  await put(5, "five");
  assertEquals((await put(4, "four")).e?.[0], 302);
  assertEquals((await put(5, "other")).e?.[0], 302);
  assertEquals((await put(6, "six", { cas: 4 })).e?.[0], 301);
  assertEquals(String((await ask("get", { target })).r!.v), "five");
  assertEquals((await put(6, "six", { cas: 5 })).e, undefined);
  assertEquals(String((await ask("get", { target })).r!.v), "six");
  await simulation.close();
});

Deno.test("Responder refuses what BEP 44 forbids, and says why", async () => {
  const { simulation, ask, put, token } = await setUp();
  const sig = identity.sign(utf8("nothing"));
  assertEquals((await put(1, "x".repeat(996))).e, undefined);
  assertEquals((await put(2, "x".repeat(997))).e?.[0], 205);
  assertEquals((await put(2, ["x".repeat(995)])).e?.[0], 205);
  assertEquals((await put(2, [2 ** 53])).e?.[0], 203); // one that could not be given back as it was
  assertEquals((await ask("put", { token, k, sig, seq: 2, v: "x" })).e?.[0], 206);
  assertEquals((await ask("put", { token, k, sig, seq: 2, v: "x", salt: "x".repeat(65) })).e?.[0], 207);
  assertEquals((await ask("put", { token, k, seq: 2, v: "x" })).e?.[0], 203);
  assertEquals((await ask("put", { token, k, sig, v: "x" })).e?.[0], 203);
  assertEquals((await ask("put", { token, k, sig, seq: -1, v: "x" })).e?.[0], 203);
  assertEquals((await put(2, "x", { token: "forged" })).e?.[0], 203);
  assertEquals((await ask("put", { k, sig, seq: 2, v: "x" })).e?.[0], 203);
  assertEquals((await ask("get", { target })).r!.seq, 1);
  await simulation.close();
});

Deno.test("Responder takes an announcement with the token of a get, as libtorrent does", async () => {
  const { simulation, ask, token } = await setUp();
  assertEquals((await ask("announce_peer", { info_hash: target, token, port: 777 })).e, undefined);
  const { r } = await ask("get_peers", { info_hash: target });
  assertEquals((r!.values as Uint8Array[]).map((value) => [...value]), [[12, 0, 0, 1, 777 >> 8, 777 & 255]]);
  assertEquals((await ask("announce_peer", { info_hash: target, token: "forged", port: 7 })).e?.[0], 203);
  assertEquals((await ask("announce_peer", { info_hash: target, token, port: 0 })).e?.[0], 203);
  await simulation.close();
});

Deno.test("Responder gives at most 100 peers, and 8 nodes beside them", async () => {
  const { simulation, ask, token } = await setUp();
  for (let i = 1; i <= 12; i++) {
    const other = simulation.socket({ hostname: `13.0.0.${i}`, port: 1 });
    const id = new Uint8Array(20).fill(i);
    other.send(writeBencode({ t: "t", y: "q", q: "ping", a: { id } }), simulation.nodes[0]!.endpoint);
  }
  for (let port = 1; port <= 150; port++) {
    if (port % 40 === 0) await simulation.clock.pass(10_000); // the limit of one endpoint
    await ask("announce_peer", { info_hash: target, token, port });
  }
  await simulation.clock.pass(10_000);
  const { r } = await ask("get_peers", { info_hash: target });
  assertEquals([(r!.values as unknown[]).length, (r!.nodes as Uint8Array).length], [100, 8 * 26]);
  await simulation.close();
});

Deno.test("Responder answers ping, find_node, and methods that nobody knows yet", async () => {
  const { simulation, node, ask } = await setUp();
  assertEquals(new Uint8Array((await ask("ping", {})).r!.id as Uint8Array), node.id);
  assertEquals("nodes" in (await ask("find_node", { target })).r!, true);
  assertEquals("nodes" in (await ask("sample_infohashes", { target })).r!, true);
  assertEquals((await ask("dance", {})).e?.[0], 204);
  assertEquals((await ask("find_node", {})).e?.[0], 203);
  assertEquals((await ask("get", {})).e?.[0], 203);
  assertEquals((await ask("get_peers", {})).e?.[0], 203);
  await simulation.close();
});

Deno.test("DhtNode makes a neighbour of one that asks, but not of one that is read-only", async () => {
  await using simulation = new Simulation({ delayMs: 1 });
  const node = await simulation.open({ bootstrap: [] });
  for (const [n, ro] of [[1, 0], [2, 1]] as const) {
    const asker = simulation.socket({ hostname: `12.0.0.${n}`, port: 1 });
    const got = Promise.withResolvers<void>();
    asker.onDatagram = () => got.resolve();
    const a = { id: new Uint8Array(20).fill(n) };
    asker.send(writeBencode({ t: "t", y: "q", q: "ping", a, ...(ro && { ro }) }), node.endpoint);
    await simulation.clock.run(got.promise);
    assertEquals(node.size, 1);
  }
});

Deno.test("Responder.askSelf() refuses arguments of a wrong length", () => {
  const responder = new Responder({ id: ID, closest: () => [] });
  const self = { id: ID, hostname: "127.0.0.1", port: 1 };
  assertThrows(
    () => responder.askSelf("get", { target: ID.slice(1) }, self),
    TypeError,
    "Cannot ask for 'get'",
  );
});

/** A responder that has a value and a peer, each with so long to live. */
function responderThatForgets(lifetimes: { valueMs: number; peerMs: number }) {
  const responder = new Responder({ id: ID, closest: () => [] });
  const library = startLibrary(Library, responder, lifetimes);
  const self = { id: ID, hostname: "127.0.0.1", port: 1 };
  const { token } = responder.askSelf("get", { target }, self);
  const sig = identity.sign(concat(utf8("3:seqi1e1:v"), writeBencode("hello")));
  responder.askSelf("put", { token, k, seq: 1, sig, v: "hello" }, self);
  responder.askSelf("announce_peer", { token, info_hash: target, port: 777 }, self);
  return {
    hasValue: () => responder.askSelf("get", { target }, self).item !== undefined,
    hasPeer: () => responder.askSelf("get_peers", { info_hash: target }, self).values.length > 0,
    [Symbol.dispose]: () => library.destroy(),
  };
}

Deno.test("Responder forgets a value and a peer that nobody has renewed in time", async () => {
  using responder = responderThatForgets({ valueMs: 1, peerMs: 3 });
  while (responder.hasValue()) await delay(1);
  while (responder.hasPeer()) await delay(1);
});

Deno.test("Responder keeps what is younger", async () => {
  using responder = responderThatForgets({ valueMs: 60_000, peerMs: 60_000 });
  await delay(10);
  assertEquals([responder.hasValue(), responder.hasPeer()], [true, true]);
});
