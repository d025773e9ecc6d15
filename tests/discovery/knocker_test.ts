import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Recent } from "../../lib/discovery/_limits.ts";
import { signItem } from "../../lib/discovery/item.ts";
import { listIdentity, readList } from "../../lib/discovery/knock_list.ts";
import { announceKnock, boxOf, sealedKnock } from "../../lib/discovery/knocker.ts";
import type { KnockContent, Reply } from "../../lib/discovery/types.ts";
import { caller, CONTENT, publicKey, setUp, TARGET } from "./_knocking.ts";
import { natOf } from "../../lib/nat.ts";

Deno.test("announceKnock() announces the port at every node that holds the record", async () => {
  const { network, clock, resolution, knocker, announced } = await setUp({ nodes: 20 });
  const start = clock.now();
  assertEquals(await clock.run(announceKnock(resolution, CONTENT, knocker())), 8);
  assertEquals([announced(), clock.now() - start], [8, 50]);
  const values = network.closest(TARGET)[0]!.peers.get(TARGET.toHex());
  assertEquals(values, [{ hostname: "198.51.100.7", port: 41000 }]);
});

Deno.test("announceKnock() follows the walk to nodes that turned out to be closer, asking nobody twice", async () => {
  const { network, clock, resolution, knocker, announced } = await setUp();
  const early = { ...resolution, holders: resolution.holders.slice(0, 3) };
  assertEquals(await clock.run(announceKnock(early, CONTENT, knocker(resolution.holders))), 8);
  assertEquals([announced(), network.count(0, "announce_peer")], [8, 8]);
});

Deno.test("announceKnock() reaches a holder when it answers, however long the walk goes on", async () => {
  const { network, clock, resolution, knocker, announced } = await setUp();
  const early = { ...resolution, holders: resolution.holders.slice(0, 3) };
  const over = Promise.withResolvers<readonly Reply[]>();
  clock.schedule(2_000, () => over.resolve(resolution.holders));
  const knock = announceKnock(early, CONTENT, {
    ...knocker(),
    holders: over.promise,
    follow: (onReply) => void clock.schedule(100, () => onReply(resolution.holders[3]!)),
  });
  await clock.pass(160);
  assertEquals(announced(), 4);
  assertEquals(await clock.run(knock), 8);
  assertEquals([announced(), network.count(0, "announce_peer")], [8, 8]);
});

Deno.test("announceKnock() walks again where every token has expired", async () => {
  const { clock, resolution, knocker, announced } = await setUp();
  const holders = resolution.holders.map((reply) => ({ ...reply, token: new Uint8Array(4) }));
  assertEquals(await clock.run(announceKnock({ ...resolution, holders }, CONTENT, knocker())), 8);
  assertEquals(announced(), 8);
});

Deno.test("announceKnock() gives 0 where nobody takes it", async () => {
  const { network, clock, resolution, knocker } = await setUp();
  for (const node of network.nodes) node.refuses = true;
  assertEquals(await clock.run(announceKnock(resolution, CONTENT, knocker())), 0);
});

Deno.test("announceKnock() rejects with the reason of its signal", async () => {
  const { network, clock, resolution, knocker, over } = await setUp();
  for (const node of network.nodes) node.isSilent = true;
  clock.schedule(10, () => over.abort("enough"));
  const outcome = announceKnock(resolution, CONTENT, knocker()).catch((error) => error);
  assertEquals(await clock.run(outcome), "enough");
});

Deno.test("sealedKnock() sends one datagram, and again for four seconds, to the DHT socket of the peer", async () => {
  const { network, dht, resolution, knocker, opener, listed } = await setUp({ dht: "203.0.113.9" });
  const start = network.clock.now();
  await network.run(sealedKnock(resolution, CONTENT, knocker()));
  const [{ data, to }, ...again] = dht.datagrams as [{ data: Uint8Array; to: unknown }];
  assertEquals(to, { hostname: "203.0.113.9", port: 6881 });
  assertEquals(again, Array(5).fill({ data, to }));
  assertLessOrEqual(4_000, network.clock.now() - start);
  assert(data[0]! >= 192 && data[0] !== "d".charCodeAt(0));
  const opened = await opener.open(boxOf(data)!);
  assertEquals(opened, {
    candidates: CONTENT.candidates,
    nat: natOf("preserving"),
    publicKey: caller.publicKey,
  });
  assertEquals(listed(), []);
});

Deno.test("sealedKnock() sends no datagram to what is no machine", async () => {
  for (const hostname of ["255.255.255.255", "239.1.1.1", "0.0.0.0"]) {
    const { network, dht, resolution, knocker } = await setUp({ dht: hostname });
    await network.run(sealedKnock(resolution, CONTENT, knocker()));
    assertEquals(dht.datagrams, []);
  }
});

Deno.test("sealedKnock() writes to the list what one announced port cannot say", async () => {
  const [only] = CONTENT.candidates;
  const contents: KnockContent[] = [
    { ...CONTENT, nat: natOf("dependent") },
    { ...CONTENT, candidates: [only!, { hostname: "198.51.100.7", port: 41001 }] },
    { ...CONTENT, candidates: [{ hostname: "2001:db8::7", port: 41000 }] },
  ];
  for (const content of contents) {
    const { network, resolution, knocker, opener, listed } = await setUp();
    await network.run(sealedKnock(resolution, content, knocker()));
    assertEquals(listed().length, 8);
    assertEquals((await opener.open(listed()[0]!))?.candidates, content.candidates);
  }
});

Deno.test("boxOf() takes no other datagram for a knock", () => {
  for (const text of ["", "d1:q", "\x00\x01", "\xf5sk", "\xf5sk1", "\xf5sk2xxxx"]) {
    assertEquals(boxOf(Uint8Array.from(text, (c) => c.charCodeAt(0))), undefined);
  }
});

Deno.test("sealedKnock() may be read by nobody who only holds the list's key", async () => {
  const { network, resolution, knocker, listed } = await setUp();
  await network.run(sealedKnock(resolution, { ...CONTENT, nat: natOf("dependent") }, knocker()));
  const address = "c6336407a028"; // 198.51.100.7:41000
  assert(!listed()[0]!.toHex().includes(address));
  const other = signItem(caller, 1, listed()[0]!);
  assertEquals(readList(other, listIdentity(publicKey, 1)), []);
});

Deno.test("announceKnock() names our DHT port as well where the serving peer can ask there whether it is us", async () => {
  const { network, clock, resolution, knocker } = await setUp({ dht: "203.0.113.9" });
  const named = new Recent(100, 60_000, () => clock.now());
  for (let i = 0; i < 3; i++) {
    assertEquals(await clock.run(announceKnock(resolution, CONTENT, { ...knocker(), named })), 8);
  }
  assertEquals(network.count(0, "announce_peer"), 8 + 3 * 8);
  const ports = network.closest(TARGET)[0]!.peers.get(TARGET.toHex())!.map(({ port }) => port);
  assertEquals([...new Set(ports)].sort(), [41000, 50000]);
});

Deno.test("announceKnock() names no DHT port where a NAT lets no question in: it would be taken for one more port to dial", async () => {
  const { network, clock, resolution, knocker } = await setUp({ dht: "203.0.113.9" });
  await clock.run(announceKnock(resolution, { ...CONTENT, nat: natOf("random") }, knocker()));
  assertEquals(network.closest(TARGET)[0]!.peers.get(TARGET.toHex())!.map(({ port }) => port), [41000]);
});
