/** Our node among nodes of the library as everybody else runs it, and the other way round. */
import DHT from "bittorrent-dht";
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { utf8 } from "../../lib/bytes.ts";
import { DhtNode } from "../../lib/discovery/node.ts";
import type { SignedItem } from "../../lib/discovery/types.ts";
import type { Endpoint } from "../../lib/endpoint.ts";
import { Identity, verifyBytes } from "../../lib/identity/mod.ts";
import { Testnet } from "../testnet.ts";

const identity = new Identity(new Uint8Array(32).fill(3));
const target = new Uint8Array(createHash("sha1").update(identity.publicKey).digest());

/** A stock node that has found its neighbours. */
async function stockNode(bootstrap: readonly Endpoint[]): Promise<DHT> {
  const stock = new DHT({
    bootstrap: bootstrap.length > 0 && bootstrap.map(({ hostname, port }) => `${hostname}:${port}`),
    verify: (sig: Uint8Array, message: Uint8Array, k: Uint8Array) =>
      verifyBytes(k, Buffer.from(message), sig),
  });
  const ready = new Promise((resolve) => stock.once("ready", resolve));
  await new Promise<void>((resolve) => stock.listen(0, "127.0.0.1", resolve));
  await ready;
  return stock;
}

function destroy(stock: DHT): Promise<void> {
  return new Promise((resolve) => stock.destroy(resolve));
}

function signed(seq: number, text: string): SignedItem {
  const sig = identity.sign(utf8(`3:seqi${seq}e1:v${text.length}:${text}`));
  return { k: identity.publicKey, seq, sig, v: utf8(text) };
}

Deno.test("DhtNode serves a stock node: its puts and announces are found, and it finds ours", async () => {
  await using net = await Testnet.create({ nodes: 12 });
  const stock = await stockNode(net.bootstrap);
  const item = {
    k: Buffer.from(identity.publicKey),
    seq: 7,
    v: Buffer.from("stock"),
    sign: (message: Uint8Array) => Buffer.from(identity.sign(new Uint8Array(message))),
  };
  await new Promise<void>((resolve, reject) =>
    stock.put(item, (error: unknown) => error ? reject(error) : resolve())
  );
  const holders = await net.nodes[5]!.walk("get", target);
  assertEquals(holders.filter((reply) => reply.item?.seq === 7).length >= 7, true);

  await Promise.all(holders.map(({ from, token }) => net.nodes[5]!.put(from, token!, signed(8, "ours"))));
  const found = await new Promise<{ v: Buffer; seq: number }>((resolve, reject) =>
    stock.get(
      Buffer.from(target),
      { cache: false },
      (error: unknown, value: { v: Buffer; seq: number }) => error ? reject(error) : resolve(value),
    )
  );
  assertEquals([String(found.v), found.seq], ["ours", 8]);

  await new Promise<void>((resolve, reject) =>
    stock.announce(Buffer.from(target), 4_242, (error: unknown) => error ? reject(error) : resolve())
  );
  const peers = await net.nodes[2]!.walk("get_peers", target);
  assertEquals(peers.filter(({ values }) => values.some(({ port }) => port === 4_242)).length >= 7, true);
  await destroy(stock);
});

Deno.test("DhtNode stores and finds in a network of stock nodes", async () => {
  const first = await stockNode([]);
  const bootstrap = [{ hostname: "127.0.0.1", port: first.address().port }];
  const others = await Promise.all(Array.from({ length: 9 }, () => stockNode(bootstrap)));
  const options = { hostname: "127.0.0.1", bootstrap, readOnly: true };
  {
    await using putter = await DhtNode.open(options);
    const closest = await putter.walk("get", target);
    assertEquals(closest.length, 8);
    await Promise.all(closest.map(({ from, token }) => putter.put(from, token!, signed(1, "ours"))));
    await Promise.all(closest.map(({ from, token }) => putter.announcePeer(from, token!, target, 777)));
    await using getter = await DhtNode.open(options);
    const replies = await getter.walk("get", target);
    assertEquals(replies.filter(({ item }) => item?.seq === 1).length, 8);
    const peers = await getter.walk("get_peers", target);
    assertEquals(peers.filter(({ values }) => values.some(({ port }) => port === 777)).length, 8);
  }
  await Promise.all([first, ...others].map(destroy));
});
