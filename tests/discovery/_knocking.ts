import { targetOf } from "../../lib/discovery/item.ts";
import { epochOf, listIdentity, readList } from "../../lib/discovery/knock_list.ts";
import { generateSealKeys, KnockOpener } from "../../lib/discovery/seal.ts";
import type { KnockContent, Reply, Resolution } from "../../lib/discovery/types.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { natOf } from "../../lib/nat.ts";
import { FakeNetwork } from "./_fake_dht.ts";

/** Who knocks. */
export const caller = new Identity(new Uint8Array(32).fill(1));
/** Who is knocked at. */
export const { publicKey } = new Identity(new Uint8Array(32).fill(2));
/** Of his record. */
export const TARGET = targetOf(publicKey);
/** An ordinary knock. */
export const CONTENT: KnockContent = {
  port: 41000,
  candidates: [{ hostname: "198.51.100.7", port: 41000 }],
  nat: natOf("preserving"),
};

/** A resolved record in a DHT, and somebody who is about to knock. */
export async function setUp(options: { nodes?: number; dht?: string } = {}) {
  const network = new FakeNetwork(options.nodes ?? 8);
  const { clock, wallClock } = network;
  const dht = network.open("198.51.100.7");
  const keys = await generateSealKeys();
  const holders = await clock.run(dht.walk("get", TARGET));
  const resolution: Resolution = {
    publicKey,
    seq: 1,
    holders,
    record: {
      candidates: [],
      nat: natOf("open"),
      sealKey: keys.publicKey,
      ...(options.dht && { dht: { hostname: options.dht, port: 6881 } }),
    },
  };
  const over = new AbortController();
  const knocker = (rest: readonly Reply[] = []) => ({
    ...{ dht, clock, wallClock, identity: caller, signal: over.signal },
    holders: Promise.resolve(rest),
  });
  const opener = new KnockOpener(publicKey, keys, wallClock);
  const announced = () => network.nodes.filter((node) => node.peers.has(TARGET.toHex())).length;
  const listed = () => {
    const list = listIdentity(publicKey, epochOf(wallClock()));
    return network.nodes.flatMap((node) => readList(node.items.get(targetOf(list.publicKey).toHex()), list));
  };
  return { network, clock, dht, resolution, knocker, opener, announced, listed, over };
}
