import DHT from "bittorrent-dht";
import { Buffer } from "node:buffer";
import { utf8 } from "../../lib/bytes.ts";
import { readPacket } from "../../lib/discovery/guard.ts";
import { signItem, targetOf } from "../../lib/discovery/item.ts";
import { DhtNode } from "../../lib/discovery/node.ts";
import { type DatagramSocket, openUdpSocket } from "../../lib/discovery/socket.ts";
import type { Endpoint } from "../../lib/endpoint.ts";
import { Identity, verifyBytes } from "../../lib/identity/mod.ts";

const LOOPBACK = "127.0.0.1";
/** More of one kind say nothing new. */
const MAX_OF_A_KIND = 3;
const identity = new Identity(new Uint8Array(32).fill(3));

/** Datagrams between nodes of the library as everybody runs it, and one of ours, in hexadecimal. */
export async function captureKrpc(): Promise<string[]> {
  const heard: Uint8Array[] = [];
  const first = await stockNode([]);
  const bootstrap = [{ hostname: LOOPBACK, port: first.address().port }];
  const others = [await stockNode(bootstrap), await stockNode(bootstrap)];
  const socket = recording(await openUdpSocket({ hostname: LOOPBACK, port: 0 }), heard);
  await using node = await DhtNode.open({ bootstrap, readOnly: false, socket });
  await node.online();
  await converse(node, others[0]!);
  await Promise.all([first, ...others].map((stock) => new Promise<void>((done) => stock.destroy(done))));
  return aFewOfEachKind(heard);
}

/** Everything that the protocol knows, in both directions. */
async function converse(node: DhtNode, stock: DHT): Promise<void> {
  const target = targetOf(identity.publicKey);
  for (const seq of [1, 2]) {
    const replies = await node.walk("get", target);
    const item = signItem(identity, seq, utf8("what the node stores"));
    await Promise.allSettled(replies.map(({ from, token }) => node.put(from, token!, item)));
    await Promise.allSettled(replies.map(({ from, token }) => node.announcePeer(from, token!, target, 777)));
    await node.walk("get_peers", target);
  }
  const stranger = { hostname: LOOPBACK, port: stock.address().port };
  await node.put(stranger, utf8("no token"), signItem(identity, 1, utf8("too old"))).catch(() => {});
  await new Promise<void>((done) => stock.announce(Buffer.from(target), 4242, () => done()));
  await new Promise<void>((done) => stock.put({ v: Buffer.from("immutable") }, () => done()));
  await new Promise<void>((done) => stock.get(Buffer.from(target), { cache: false }, () => done()));
  await new Promise<void>((done) => stock.lookup(Buffer.from(target), () => done()));
}

async function stockNode(bootstrap: readonly Endpoint[]): Promise<DHT> {
  const stock = new DHT({
    bootstrap: bootstrap.length > 0 && bootstrap.map(({ hostname, port }) => `${hostname}:${port}`),
    verify: (signature: Uint8Array, message: Uint8Array, k: Uint8Array) =>
      verifyBytes(k, Buffer.from(message), signature),
  });
  const ready = new Promise((resolve) => stock.once("ready", resolve));
  await new Promise<void>((resolve) => stock.listen(0, LOOPBACK, resolve));
  await ready;
  return stock;
}

/** The socket, with all that goes through it taken down. */
function recording(socket: DatagramSocket, heard: Uint8Array[]): DatagramSocket {
  const tapped: DatagramSocket = {
    address: socket.address,
    send(data, to) {
      heard.push(Uint8Array.from(data));
      socket.send(data, to);
    },
    close: () => socket.close(),
  };
  socket.onDatagram = (data, from) => {
    heard.push(Uint8Array.from(data));
    tapped.onDatagram?.(data, from);
  };
  return tapped;
}

function aFewOfEachKind(packets: readonly Uint8Array[]): string[] {
  const kinds = Map.groupBy(packets, (packet) => {
    const message = readPacket(packet);
    if (message?.y === "q") return `question ${message.q} ${Object.keys(message.a)} ${message.readOnly}`;
    return message?.y === "r" ? `answer ${Object.keys(message.r)} ${message.ip?.length}` : `${message?.y}`;
  });
  return [...kinds.values()].flatMap((list) => list.slice(0, MAX_OF_A_KIND)).map((one) => one.toHex());
}
