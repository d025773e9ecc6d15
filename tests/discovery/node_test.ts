import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { concat, utf8 } from "../../lib/bytes.ts";
import { readKnownNodes } from "../../lib/discovery/known_nodes.ts";
import { KrpcError } from "../../lib/discovery/krpc.ts";
import { DhtNode } from "../../lib/discovery/node.ts";
import { openUdpSocket } from "../../lib/discovery/socket.ts";
import type { SignedItem } from "../../lib/discovery/types.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { Simulation } from "../simulation.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { Testnet } from "../testnet.ts";

const LOCAL = { hostname: "127.0.0.1" };
const identity = new Identity(new Uint8Array(32).fill(1));
const target = new Uint8Array(createHash("sha1").update(identity.publicKey).digest());

function signed(seq: number, text: string): SignedItem {
  const message = utf8(`3:seqi${seq}e1:v${text.length}:${text}`);
  return { k: identity.publicKey, seq, sig: identity.sign(message), v: utf8(text) };
}

const self = (node: DhtNode) => ({ ...LOCAL, port: node.port });

Deno.test("DhtNode alone stores with itself what another, beginning with it, finds", async () => {
  await using alone = await DhtNode.open({ ...LOCAL, bootstrap: [] });
  await alone.online();
  const [own, ...others] = await alone.walk("get", target);
  assertEquals([own!.from.id, others.length], [alone.id, 0]);
  await alone.put(own!.from, own!.token!, signed(1, "hello"));
  await alone.announcePeer(own!.from, own!.token!, target, 777);

  await using other = await DhtNode.open({ ...LOCAL, bootstrap: [self(alone)] });
  const replies = await other.walk("get", target);
  const { item } = replies.find(({ from }) => from.port === alone.port)!;
  assertEquals({ ...item, v: new TextDecoder().decode(item!.v) }, { ...signed(1, "hello"), v: "hello" });
  const peers = await other.walk("get_peers", target);
  assertEquals(peers.flatMap(({ values }) => values), [{ ...LOCAL, port: 777 }]);
});

Deno.test("DhtNode.walk() lists our own store where we are among the closest", async () => {
  await using simulation = await Simulation.create(30, { seed: 2 });
  const node = simulation.nodes[4]!;
  const replies = await simulation.clock.run(node.walk("get", node.id));
  assertEquals([replies.length, replies[0]!.from.id], [8, node.id]);
  const far = node.id.map((byte) => ~byte & 255);
  const elsewhere = await simulation.clock.run(node.walk("get", far));
  assertEquals(elsewhere.some(({ from }) => from.id.toHex() === node.id.toHex()), false);
});

Deno.test("DhtNode.walk() does not list a read-only node, which nobody could ask", async () => {
  await using simulation = await Simulation.create(5, { seed: 2 });
  const node = await simulation.open({ readOnly: true });
  const replies = await simulation.clock.run(node.walk("get", node.id));
  assertEquals([replies.length, simulation.nodes.slice(0, 5).map(({ size }) => size)], [5, [4, 4, 4, 4, 4]]);
});

Deno.test("DhtNode.get() and put() reject with the node's refusal", async () => {
  await using net = await Testnet.create({ nodes: 2 });
  const [a, b] = net.nodes as [DhtNode, DhtNode];
  const { token } = await a.get(self(b), target);
  const refused = (item: SignedItem, by = self(b), with_ = token!) =>
    assertRejects(() => a.put(by, with_, item), KrpcError);
  await a.put(self(b), token!, signed(5, "five"));
  assertEquals((await refused(signed(4, "four"))).code, 302);
  assertEquals((await refused(signed(6, "six"), self(b), utf8("forged"))).code, 203);
  assertEquals((await refused({ ...signed(6, "six"), sig: new Uint8Array(64) })).code, 206);
  assertEquals((await refused(signed(6, "six"), self(a), utf8("forged"))).code, 203);
  assertEquals((await a.get(self(b), target)).item!.seq, 5);
});

Deno.test("DhtNode.getPeers() gives what announcePeer() told", async () => {
  await using net = await Testnet.create({ nodes: 2 });
  const [a, b] = net.nodes as [DhtNode, DhtNode];
  const { token } = await a.get(self(b), target);
  await a.announcePeer(self(b), token!, target, 4_711);
  assertEquals((await a.getPeers(self(b), target)).values, [{ ...LOCAL, port: 4_711 }]);
});

Deno.test("DhtNode.get() rejects with a TimeoutError when nobody is there", async () => {
  await using simulation = await Simulation.create(2);
  const nobody = { hostname: "11.99.0.1", port: 1 };
  const error = await assertRejects(
    () => simulation.clock.run(simulation.nodes[0]!.get(nobody, target)),
    DOMException,
  );
  assertEquals(error.name, "TimeoutError");
});

Deno.test("DhtNode.observations() tells how others see us", async () => {
  await using net = await Testnet.create({ nodes: 3 });
  const node = net.nodes[1]!;
  const observations = node.observations();
  assertEquals(observations.length, 2);
  for (const { observed } of observations) assertEquals(observed, self(node));
});

Deno.test("DhtNode takes an id that fits its public address, and the network goes on finding it", async () => {
  await using simulation = new Simulation({ seed: 8 });
  await simulation.open({ bootstrap: [] });
  for (let i = 1; i < 6; i++) {
    // Each in a network of its own, so that their words count.
    const node = await simulation.open({
      socket: simulation.socket({ hostname: `${20 + i}.1.0.1`, port: 6881 }),
    });
    await simulation.clock.run(node.online());
  }
  await simulation.clock.pass(10_000);
  const before = await simulation.open({
    socket: simulation.socket({ hostname: "203.0.113.9", port: 6881 }),
  });
  const { id } = before;
  await simulation.clock.run(before.online());
  await simulation.clock.pass(10_000);
  assertNotEquals(before.id, id);
  assertEquals(before.id.length, 20);
  const [closest] = await simulation.clock.run(simulation.nodes[3]!.walk("get", before.id));
  assertEquals(closest!.from, { id: before.id, hostname: "203.0.113.9", port: 6881 });
});

Deno.test("DhtNode.online() waits for a bootstrap node that starts later", async () => {
  const simulation = new Simulation();
  const later = { hostname: "11.7.7.7", port: 6881 };
  const node = await simulation.open({ bootstrap: [later] });
  const online = node.online();
  await simulation.clock.pass(60_000);
  assertEquals(node.size, 0);
  assertEquals(await simulation.clock.run(node.walk("get", target)), []);
  await simulation.open({ bootstrap: [], socket: simulation.socket(later) });
  const before = simulation.clock.now();
  await simulation.clock.run(online);
  assertEquals(simulation.clock.now() - before <= 32_000, true);
  assertEquals((await simulation.clock.run(node.walk("get", target))).length, 2);
  await simulation.close();
});

Deno.test("DhtNode comes back by itself after the network was away", async () => {
  await using simulation = await Simulation.create(10, { seed: 4 });
  const node = simulation.nodes[7]!;
  simulation.isUp = false;
  // What a serving peer does all the time.
  const poll = async () => {
    for (let i = 0; i < 4; i++) await node.walk("get", target);
  };
  await simulation.clock.run(poll());
  let isOnline = false;
  node.online().then(() => isOnline = true);
  await simulation.clock.pass(60_000);
  assertEquals([isOnline, node.observations().length], [false, 0]);
  simulation.isUp = true;
  await simulation.clock.run(node.online());
  assertEquals((await simulation.clock.run(node.walk("get", target))).length, 8);
});

Deno.test("DhtNode.open() does not mind a bootstrap node whose name nobody knows", async () => {
  await using net = await Testnet.create({ nodes: 3 });
  const bootstrap = [{ hostname: "nohost.invalid", port: 6881 }, ...net.bootstrap];
  await using node = await DhtNode.open({ ...LOCAL, bootstrap });
  await node.online();
  assertEquals((await node.walk("get", target)).length >= 3, true);
});

Deno.test("DhtNode.close() ends a start that nobody answers", async () => {
  const node = await DhtNode.open({ ...LOCAL, bootstrap: [{ hostname: "nohost.invalid", port: 6881 }] });
  const online = assertRejects(() => node.online(), DOMException, "closed");
  const walk = assertRejects(() => node.walk("get", target), DOMException, "closed");
  await node.close();
  assertEquals([(await online).name, (await walk).name], ["AbortError", "AbortError"]);
});

Deno.test("DhtNode asks all addresses of a bootstrap node", async () => {
  const simulation = new Simulation();
  await simulation.open({ bootstrap: [] });
  const node = await simulation.open({
    bootstrap: [{ hostname: "nodes.example", port: 6881 }],
    resolve: () => Promise.resolve(["11.250.0.1", "11.250.0.2", simulation.nodes[0]!.endpoint.hostname]),
  });
  await simulation.clock.run(node.online());
  assertEquals(node.size, 1);
  await simulation.close();
});

Deno.test("DhtNode keeps known nodes on disk, and needs nobody else at the next start", async () => {
  await using folder = await temporaryFolder();
  const knownNodesFile = `${folder.path}/nodes.json`;
  await Deno.writeTextFile(knownNodesFile, "garbled");
  await using net = await Testnet.create({ nodes: 12 });
  {
    await using node = await DhtNode.open({ ...LOCAL, bootstrap: net.bootstrap, knownNodesFile });
    await node.walk("get", target);
  }
  const { nodes } = await readKnownNodes(knownNodesFile);
  assertEquals(nodes.length >= 8, true);
  assertEquals(nodes.every(({ port }) => net.nodes.some((node) => node.port === port)), true);
  {
    const dead = { ...LOCAL, port: 9 };
    await using node = await DhtNode.open({ ...LOCAL, bootstrap: [dead], knownNodesFile });
    await node.online();
    assertEquals((await node.walk("get", target)).length, 8);
  }
  assertEquals((await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name), ["nodes.json"]);
});

Deno.test("DhtNode.close() rejects what is pending, may be called twice, and frees the port", async () => {
  const silent = await openUdpSocket({ ...LOCAL, port: 0 });
  const node = await DhtNode.open({ ...LOCAL, bootstrap: [silent.address] });
  const { port } = node;
  const pending = [
    node.get(silent.address, target),
    node.getPeers(silent.address, target),
    node.put(silent.address, utf8("token"), signed(1, "x")),
    node.announcePeer(silent.address, utf8("token"), target, 1),
    node.walk("get", target),
    node.walk("get_peers", target),
    node.online(),
  ].map((one) => assertRejects(() => one as Promise<unknown>, DOMException, "The DHT node is closed"));
  await Promise.all([node.close(), node.close()]);
  for (const error of await Promise.all(pending)) assertEquals(error.name, "AbortError");
  await node.close();
  await assertRejects(() => node.get(silent.address, target), DOMException, "closed");
  await assertRejects(() => node.walk("get", target), DOMException, "closed");
  await assertRejects(() => node.online(), DOMException, "closed");
  node.sendDatagram(silent.address, Uint8Array.of(1));
  const again = await openUdpSocket({ ...LOCAL, port });
  await Promise.all([again.close(), silent.close()]);
});

Deno.test("DhtNode.open() says which port is taken", async () => {
  await using node = await DhtNode.open({ ...LOCAL, bootstrap: [] });
  await assertRejects(
    () => DhtNode.open({ ...LOCAL, port: node.port, bootstrap: [] }),
    Deno.errors.AddrInUse,
    `UDP port ${node.port} of 127.0.0.1 is in use`,
  );
});

Deno.test("DhtNode.open() rejects with the signal's reason", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  assertEquals(await assertRejects(() => DhtNode.open({ ...LOCAL, bootstrap: [], signal })), reason);
});

Deno.test("DhtNode.walk() rejects with the signal's reason", async () => {
  await using node = await DhtNode.open({ ...LOCAL, bootstrap: [] });
  const reason = new Error("enough");
  const options = { signal: AbortSignal.abort(reason) };
  assertEquals(await assertRejects(() => node.walk("get", target, options)), reason);
  assertEquals(await assertRejects(() => node.get({ ...LOCAL, port: 9 }, target, options)), reason);
});

Deno.test("DhtNode.sendDatagram() and onDatagram carry what is not KRPC between DHT sockets", async () => {
  await using net = await Testnet.create({ nodes: 2 });
  const [a, b] = net.nodes as [DhtNode, DhtNode];
  const got = Promise.withResolvers<unknown>();
  b.onDatagram = (data, from) => got.resolve([data, from]);
  a.sendDatagram(self(b), concat(utf8("knock "), Uint8Array.of(0)));
  assertEquals(await got.promise, [utf8("knock \0"), self(a)]);
});

Deno.test("DhtNode that is read-only answers nobody", async () => {
  await using simulation = await Simulation.create(2);
  const node = await simulation.open({ readOnly: true });
  await simulation.clock.run(node.online());
  await assertRejects(
    () => simulation.clock.run(simulation.nodes[0]!.get(node.endpoint, target)),
    DOMException,
    "no answer",
  );
});
