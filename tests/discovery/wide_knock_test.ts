import { assertEquals, assertRejects } from "@std/assert";
import { announceWidely, findJury } from "../../lib/discovery/wide_knock.ts";
import { natOf } from "../../lib/nat.ts";
import { CONTENT, setUp, TARGET } from "./_knocking.ts";

Deno.test("announceWidely() reaches those whom a jury is made of, at once where NATs let no question in", async () => {
  for (const mapping of ["preserving", "dependent"] as const) {
    const { network, clock, resolution, knocker, announced } = await setUp({ dht: "203.0.113.9" });
    const start = clock.now();
    await clock.run(announceWidely(resolution, { ...CONTENT, nat: natOf(mapping) }, knocker()));
    assertEquals(announced(), 8);
    assertEquals(clock.now() - start, mapping === "dependent" ? 3_200 : 4_200);
    assertEquals(network.count(start, "announce_peer"), 2 * 8);
  }
});

Deno.test("announceWidely() tries again where a packet was lost, and does nothing for a knock that is over", async () => {
  const { network, clock, resolution, knocker, announced, over } = await setUp();
  const [lost] = network.nodes;
  const widely = announceWidely(resolution, { ...CONTENT, nat: natOf("dependent") }, knocker());
  clock.schedule(40, () => lost!.isSilent = true);
  clock.schedule(2_000, () => lost!.isSilent = false);
  await clock.run(widely);
  assertEquals([announced(), network.count(0, "announce_peer")], [8, 9 + 8]);
  const patient = announceWidely(resolution, CONTENT, { ...knocker() });
  over.abort(new Error("connected"));
  await assertRejects(() => clock.run(patient), Error, "connected");
  assertEquals(network.count(0, "announce_peer"), 9 + 8);
});

Deno.test("announceWidely() spares the walk where the jury is known, but not the second time", async () => {
  const { network, clock, dht, resolution, knocker, announced } = await setUp();
  const jury = clock.run(findJury(TARGET, { dht, signal: new AbortController().signal }));
  const replies = await jury;
  const asked = network.count(0, "get");
  const dependent = { ...CONTENT, nat: natOf("dependent") };
  const start = clock.now();
  const widely = announceWidely(resolution, dependent, { ...knocker(), jury: Promise.resolve(replies) });
  await clock.pass(60);
  assertEquals([announced(), network.count(0, "get") - asked], [8, 0]);
  await clock.run(widely);
  assertEquals([network.count(0, "get") - asked, clock.now() - start], [8, 3_150]);
});

Deno.test("announceWidely() announces all addresses of a NAT that has several", async () => {
  const other = { hostname: "198.51.100.200", port: 1 };
  for (const [more, addresses] of [[[], 1], [[other], 4]] as const) {
    const { network, clock, resolution, knocker, dht } = await setUp();
    const content = { ...CONTENT, nat: natOf("dependent"), candidates: [...CONTENT.candidates, ...more] };
    await clock.run(announceWidely(resolution, content, knocker()));
    for (const { peers } of network.nodes) {
      const named = new Set(peers.get(TARGET.toHex())!.map(({ hostname }) => hostname));
      assertEquals([named.size, dht.sideSockets], [addresses, addresses - 1]);
    }
  }
});

Deno.test("announceWidely() goes on where the system gives no further socket", async () => {
  const { network, clock, dht, resolution, knocker, announced } = await setUp();
  dht.openSideSocket = () => Promise.reject(new Deno.errors.Busy("no descriptors"));
  const candidates = [...CONTENT.candidates, { hostname: "198.51.100.200", port: 1 }];
  await clock.run(announceWidely(resolution, { ...CONTENT, nat: natOf("dependent"), candidates }, knocker()));
  assertEquals([announced(), network.count(0, "announce_peer")], [8, 2 * 8]);
});
