/** Our node and discovery in a DHT of libtorrent's nodes alone, and libtorrent among our nodes. */
import { assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import { utf8 } from "../../lib/bytes.ts";
import { signItem, targetOf, verifyItem } from "../../lib/discovery/item.ts";
import { KrpcError } from "../../lib/discovery/krpc.ts";
import {
  decodeRecord,
  type DhtDiscovery,
  encodeRecord,
  type Knock,
  MAX_RECORD_BYTES,
  openDiscovery,
  type ServiceDescription,
  type ServiceRecord,
} from "../../lib/discovery/mod.ts";
import { DhtNode } from "../../lib/discovery/node.ts";
import type { Reply, SignedItem } from "../../lib/discovery/types.ts";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { LibtorrentNodes, loopbackAddress } from "./libtorrent.ts";
import { libtorrentTest } from "./libtorrent_test_helper.ts";
import { natOf } from "../../lib/nat.ts";

/** Nodes that keep a value: all that a walk gives. */
const CLOSEST = 8;
const DESCRIPTION: ServiceDescription = {
  candidates: [
    { kind: "reflexive", hostname: "203.0.113.9", port: 50712 },
    { kind: "host", hostname: "192.168.1.7", port: 50712 },
  ],
  nat: natOf("preserving"),
};

/** A node that is in nobody's table, so that libtorrent keeps everything. */
function openGuest(net: LibtorrentNodes, options: { readOnly?: boolean } = {}): Promise<DhtNode> {
  return DhtNode.open({ hostname: "127.0.0.1", bootstrap: net.bootstrap, readOnly: true, ...options });
}

function openGuestDiscovery(net: LibtorrentNodes): Promise<DhtDiscovery> {
  return openDiscovery({ hostname: "127.0.0.1", bootstrap: net.bootstrap, readOnly: true });
}

/** Nodes of ours that know each other, at addresses that libtorrent does not find too close. */
async function openNodes(count: number, stack: AsyncDisposableStack): Promise<DhtNode[]> {
  const nodes: DhtNode[] = [];
  for (let i = 0; i < count; i++) {
    const hostname = loopbackAddress(100 + i);
    const bootstrap = nodes.slice(0, 1).map((node) => node.endpoint);
    nodes.push(stack.use(await DhtNode.open({ hostname, bootstrap, readOnly: false })));
    await nodes[i]!.online();
  }
  await Promise.all(nodes.map((node) => node.walk("get", node.id)));
  return nodes;
}

/** Puts an item with the tokens of a walk. */
async function putAll(node: DhtNode, replies: readonly Reply[], item: SignedItem): Promise<void> {
  await Promise.all(replies.map(({ from, token }) => node.put(from, token!, item)));
}

libtorrentTest("A record put by libtorrent is found by our node, and the other way round", async () => {
  await using net = await LibtorrentNodes.onLoopback(12);
  await using node = await openGuest(net);
  const identity = generateIdentity();

  const value = utf8("put by libtorrent");
  assertEquals(await net.put(7, identity, value), { accepted: CLOSEST, seq: 1 });
  const replies = await node.walk("get", targetOf(identity.publicKey));
  const items = replies.map((reply) => verifyItem(reply.item, identity.publicKey));
  assertEquals(items.map((item) => [item?.seq, item?.v]), Array(CLOSEST).fill([1, value]));

  const ours = signItem(identity, 1_795_000_000_000_000, utf8("put by our node \0"));
  await putAll(node, replies, ours);
  assertEquals(await net.get(3, identity.publicKey, ours), { value: ours.v, seq: ours.seq, sig: ours.sig });
});

libtorrentTest("libtorrent takes an older record neither from us nor in place of a newer one", async () => {
  await using net = await LibtorrentNodes.onLoopback(12);
  await using node = await openGuest(net);
  const identity = generateIdentity();
  const replies = await node.walk("get", targetOf(identity.publicKey));
  await putAll(node, replies, signItem(identity, 8, utf8("new")));
  const [{ from, token }] = replies as [Reply];
  const older = signItem(identity, 7, utf8("old"));
  const error = await assertRejects(() => node.put(from, token!, older), KrpcError) as KrpcError;
  assertEquals(error.code, 302); // sequence number less than current (BEP 44)
  assertEquals((await net.get(0, identity.publicKey))?.value, utf8("new"));
});

libtorrentTest("libtorrent takes the largest record and none that is a byte longer", async () => {
  await using net = await LibtorrentNodes.onLoopback(10);
  await using node = await openGuest(net);
  const identity = generateIdentity();
  const replies = await node.walk("get", targetOf(identity.publicKey));
  const largest = signItem(identity, 1, new Uint8Array(MAX_RECORD_BYTES).fill(0x61));
  await putAll(node, replies, largest);
  assertEquals((await net.get(1, identity.publicKey))?.value, largest.v);

  const longer = signItem(identity, 2, new Uint8Array(MAX_RECORD_BYTES + 1).fill(0x62));
  const [{ from, token }] = replies as [Reply];
  const error = await assertRejects(() => node.put(from, token!, longer), KrpcError) as KrpcError;
  assertEquals(error.code, 205); // message too big (BEP 44)
});

libtorrentTest("An announce with the token of a get is accepted by libtorrent", async () => {
  await using net = await LibtorrentNodes.onLoopback(12);
  await using node = await openGuest(net);
  const target = targetOf(generateIdentity().publicKey);
  const replies = await node.walk("get", target);
  assertEquals(replies.length, CLOSEST);
  const announces = replies.map(({ from, token }) => node.announcePeer(from, token!, target, 41_000));
  await Promise.all(announces);

  const announced = [{ hostname: "127.0.0.1", port: 41_000 }];
  const polled = await Promise.all(replies.map(({ from }) => node.getPeers(from, target)));
  assertEquals(polled.map((reply) => reply.values), Array(CLOSEST).fill(announced));
  assertEquals(await net.getPeers(5, target), announced);
});

libtorrentTest("libtorrent refuses an announce with a made-up token, and the error says so", async () => {
  await using net = await LibtorrentNodes.onLoopback(2);
  await using node = await openGuest(net);
  const [to] = net.bootstrap;
  const announce = node.announcePeer(to!, new Uint8Array(4), new Uint8Array(20).fill(9), 41_000);
  const error = await assertRejects(() => announce, KrpcError) as KrpcError;
  assertEquals([error.code, error.message.includes("token")], [203, true]);
});

libtorrentTest("Every datagram of libtorrent is understood, and names our endpoint", async () => {
  await using net = await LibtorrentNodes.onLoopback(12);
  await using node = await openGuest(net, { readOnly: false });
  await node.online();
  await Promise.all([node.walk("get", node.id), node.walk("get_peers", new Uint8Array(20).fill(0x55))]);
  assertEquals(node.stats.dropped, 0);
  assertGreaterOrEqual(node.size, CLOSEST);
  const observations = node.observations();
  assertGreaterOrEqual(observations.length, CLOSEST);
  const observed = { hostname: "127.0.0.1", port: node.port };
  for (const observation of observations) assertEquals(observation.observed, observed);
});

libtorrentTest("Our nodes serve libtorrent: puts, gets and announces", async () => {
  await using stack = new AsyncDisposableStack();
  const nodes = await openNodes(CLOSEST, stack);
  const contacts = nodes.map((node) => node.endpoint);
  const net = stack.use(await LibtorrentNodes.onLoopback(1, { contacts }));
  const identity = generateIdentity();
  const target = targetOf(identity.publicKey);

  assertEquals(await net.put(0, identity, utf8("put by libtorrent")), { accepted: CLOSEST, seq: 1 });
  const [node] = nodes as [DhtNode];
  const replies = await node.walk("get", target);
  const items = replies.map((reply) => verifyItem(reply.item, identity.publicKey));
  assertEquals(items.map((item) => item?.seq), Array(CLOSEST).fill(1));

  const newer = signItem(identity, 2, utf8("put by our node"));
  await putAll(node, replies, newer);
  assertEquals(await net.get(0, identity.publicKey, newer), { value: newer.v, seq: 2, sig: newer.sig });

  await Promise.all(replies.map(({ from, token }) => node.announcePeer(from, token!, target, 41_000)));
  assertEquals(await net.getPeers(0, target), [{ ...node.endpoint, port: 41_000 }]);
});

libtorrentTest("Discovery publishes, resolves and knocks in a DHT of libtorrent's nodes alone", async () => {
  await using net = await LibtorrentNodes.onLoopback(16);
  await using server = await openGuestDiscovery(net);
  await using client = await openGuestDiscovery(net);
  const identity = generateIdentity();
  const { promise: knocked, resolve: onKnock } = Promise.withResolvers<Knock>();
  await using publication = await server.publish(identity, () => DESCRIPTION, {
    onKnock: (knock) => knock.via === "announce" && onKnock(knock),
  });
  assertGreaterOrEqual(publication.acknowledgements, 3);

  const resolution = await client.resolve(identity.publicKey);
  assertEquals(resolution.record.candidates, DESCRIPTION.candidates);
  const candidates = [{ hostname: "198.51.100.7", port: 41_000 }];
  const content = { port: 41_000, candidates, nat: natOf("preserving") } as const;
  assertGreaterOrEqual(await client.knock(resolution, content, { identity: generateIdentity() }), 3);
  assertEquals(await knocked, { via: "announce", candidates: [{ hostname: "127.0.0.1", port: 41_000 }] });
});

libtorrentTest(
  "A record kept by libtorrent is resolved, and what we publish takes its place there",
  async () => {
    await using net = await LibtorrentNodes.onLoopback(12);
    await using discovery = await openGuestDiscovery(net);
    const identity = generateIdentity();
    const { publicKey } = identity;
    const notFound = await assertRejects(() => discovery.resolve(publicKey), PeerError) as PeerError;
    assertEquals(notFound.code, "not-found");

    const kept: ServiceRecord = {
      candidates: DESCRIPTION.candidates.slice(1),
      nat: natOf("unknown"),
      sealKey: new Uint8Array(32).fill(7),
    };
    await net.put(9, identity, encodeRecord(publicKey, kept));
    const resolution = await discovery.resolve(publicKey);
    assertEquals([resolution.seq, resolution.record], [1, kept]);

    await using _ = await discovery.publish(identity, () => DESCRIPTION, { onKnock: () => {} });
    const found = await net.get(2, publicKey, { seq: resolution.seq + 1 });
    const record = decodeRecord(publicKey, found!.value) as ServiceRecord;
    assertEquals(record.candidates, DESCRIPTION.candidates);
  },
);
