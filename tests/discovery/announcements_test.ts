import { assertEquals, assertLessOrEqual } from "@std/assert";
import { nodeIdFor } from "../../lib/discovery/bep42.ts";
import { ProofGiver } from "../../lib/discovery/address_proof.ts";
import { Announcements } from "../../lib/discovery/announcements.ts";
import type { Contact, Reply } from "../../lib/discovery/types.ts";
import { type Endpoint, formatEndpoint } from "../../lib/endpoint.ts";
import { SimulatedClock } from "../simulation.ts";

const TARGET = new Uint8Array(20).fill(7);
const SERVER = { hostname: "203.0.113.9", port: 50712 };
const CALLER = { hostname: "198.51.100.7", port: 41000 };
const CALLERS_DHT = { hostname: CALLER.hostname, port: 6881 };
const THIRD_PARTY = { hostname: "192.0.2.80", port: 80 };

const node = (n: number, hostname = `20.${n}.0.1`): Contact => ({
  id: nodeIdFor(hostname, new Uint8Array(20).fill(n)),
  hostname,
  port: 6881,
});
const ALL = Array.from({ length: 40 }, (_, i) => node(i + 1));
const EIGHT = ALL.slice(0, 8);

/** Voters are polled; of a jury of 40, or what else it is, `naming(n)` tells whom the n-th node names. */
function setUp(
  voters: readonly Contact[] = EIGHT,
  jury: readonly Contact[] = ALL,
  naming: (n: number) => readonly Endpoint[] = () => [],
  canAsk = true,
) {
  const clock = new SimulatedClock();
  const proven: string[] = [];
  const sent: { to: Endpoint; data: Uint8Array }[] = [];
  let [confirmations, juries] = [0, 0];
  const announcements = new Announcements({
    clock,
    target: TARGET,
    voters: () => voters,
    canAsk: () => canAsk,
    mayPunch: ({ hostname }) => hostname !== "0.0.0.0",
    send: (to, data) => void sent.push({ to, data }),
    confirm: () => void confirmations++,
    jury: async () => {
      juries++;
      await Promise.resolve();
      return jury.map((from, n) => ({ from, values: naming(n), nodes: [], rttMs: 1 }));
    },
    onProven: (endpoints) => void proven.push(...endpoints.map(formatEndpoint)),
  });
  const hear = (from: Contact, ...values: Endpoint[]) =>
    announcements.heard({ from, values, nodes: [], rttMs: 1 } as Reply);
  return {
    announcements,
    clock,
    proven,
    sent,
    hear,
    confirmations: () => confirmations,
    juries: () => juries,
  };
}

/** All of the nodes name an endpoint, and then there is time to count. */
async function vote(
  { clock, hear }: ReturnType<typeof setUp>,
  nodes: readonly Contact[],
  endpoint: Endpoint,
) {
  for (const one of nodes) hear(one, endpoint);
  await clock.pass(400);
}

Deno.test("Announcements ask at the address, and believe an answer from there", () => {
  const { announcements, clock, hear, proven, sent } = setUp();
  hear(node(1), CALLER, CALLERS_DHT);
  assertEquals([proven, sent.map(({ to }) => to)], [[], [CALLER, CALLERS_DHT]]);
  const giver = new ProofGiver(() => clock.now());
  giver.expect(TARGET, CALLER.port, SERVER.hostname);
  const answer = giver.answer(sent[1]!.data, SERVER)!;
  assertEquals(announcements.datagram(answer, THIRD_PARTY), false);
  assertEquals(proven, []);
  assertEquals(announcements.datagram(answer, CALLERS_DHT), true);
  assertEquals(proven, [formatEndpoint(CALLER)]);
  // The port for datagrams is none for TCP, however many nodes name it.
  for (const one of EIGHT) hear(one, CALLERS_DHT, { ...CALLER, port: 41001 });
  assertEquals([...new Set(proven)], ["198.51.100.7:41000", "198.51.100.7:41001"]);
});

Deno.test("Announcements hear a jury once five of eight networks name somebody, and believe 24 of its 40", async () => {
  const cases = [[8, 40, 1, 1], [5, 24, 1, 1], [5, 23, 1, 0], [4, 40, 0, 0], [1, 40, 0, 0]] as const;
  for (const [votes, jurors, juries, expected] of cases) {
    const set = setUp(EIGHT, ALL, (n) => n < jurors ? [CALLER] : []);
    await vote(set, EIGHT.slice(0, votes), CALLER);
    assertEquals([set.juries(), set.proven.length], [juries, expected], `${votes}, ${jurors}`);
  }
});

Deno.test("Announcements believe whom a jury has named while nodes go on naming him", async () => {
  const set = setUp(EIGHT, ALL, () => [CALLER]);
  await vote(set, EIGHT, CALLER);
  const before = set.proven.length;
  set.hear(node(1), CALLER);
  assertEquals([before, set.proven.length, set.juries()], [1, 2, 1]);
  set.hear(node(1), { ...CALLER, port: 41001 }); // the same peer tries once more
  assertEquals([set.proven.pop(), set.juries()], ["198.51.100.7:41001", 1]);
  await set.clock.pass(121_000);
  await vote(set, EIGHT, CALLER); // whoever is dialled knows that it has been long ago
  assertEquals([[...new Set(set.proven)], set.juries()], [[formatEndpoint(CALLER)], 1]);
});

Deno.test("Announcements count each network once, however many of its nodes are among the closest", async () => {
  const crowd = Array.from({ length: 30 }, (_, i) => node(100 + i, `66.6.0.${i + 1}`));
  const set = setUp([...EIGHT.slice(0, 4), ...crowd], [...ALL, ...crowd], (n) => n < 40 ? [] : [THIRD_PARTY]);
  await vote(set, crowd, THIRD_PARTY);
  assertEquals([set.juries(), set.proven], [0, []]);
});

Deno.test("Announcements take no jurors whose ids do not fit their addresses (BEP 42)", async () => {
  const crowd = Array.from({ length: 16 }, (_, i) => ({ ...node(100 + i), id: new Uint8Array(20) }));
  const set = setUp(EIGHT, [...ALL.slice(8, 16), ...crowd], (n) => n < 6 ? [] : [THIRD_PARTY]);
  await vote(set, EIGHT, THIRD_PARTY);
  assertEquals([set.juries(), set.proven], [1, []]);
});

Deno.test("Announcements hear few juries, however often those who lie want one", async () => {
  const set = setUp(EIGHT, ALL, (n) => n < 23 ? [THIRD_PARTY] : []);
  for (let i = 0; i < 60; i++) {
    await vote(set, EIGHT, { ...THIRD_PARTY, port: 1 + i });
    await set.clock.pass(600);
  }
  assertEquals(set.proven, []);
  assertLessOrEqual(set.juries(), 8 + 15 + 1);
});

Deno.test("Announcements survive a jury that cannot be heard", async () => {
  const set = setUp(EIGHT, ALL, () => {
    throw new DOMException("closed", "AbortError");
  });
  await vote(set, EIGHT, CALLER);
  assertEquals([set.juries(), set.proven], [1, []]);
});

Deno.test("Announcements believe no nodes that are not among the closest", async () => {
  const set = setUp(EIGHT, ALL, () => [THIRD_PARTY]);
  await vote(set, Array.from({ length: 30 }, (_, i) => node(100 + i)), THIRD_PARTY);
  assertEquals([set.juries(), set.proven], [0, []]);
});

Deno.test("Announcements forget a node's word after a minute", async () => {
  const set = setUp(EIGHT, ALL, () => [CALLER]);
  await vote(set, EIGHT.slice(0, 4), CALLER);
  await set.clock.pass(61_000);
  await vote(set, EIGHT.slice(4), CALLER);
  assertEquals(set.juries(), 0);
});

Deno.test("Announcements believe our own node alone: it has checked the token itself", () => {
  const { announcements, proven, sent } = setUp();
  announcements.heard({ from: node(9), isOwn: true, values: [CALLER], nodes: [], rttMs: 0 });
  assertEquals([proven, sent], [[formatEndpoint(CALLER)], []]);
});

Deno.test("Announcements believe the only node of a network of one", async () => {
  const set = setUp([node(1)], [node(1)], () => [CALLER]);
  await vote(set, [node(1)], CALLER);
  assertEquals(set.proven, [formatEndpoint(CALLER)]);
});

Deno.test("Announcements have the other nodes asked at once when one names somebody new", () => {
  const { hear, confirmations } = setUp();
  hear(node(1), CALLER);
  hear(node(1), CALLER);
  hear(node(2), CALLER);
  assertEquals(confirmations(), 1);
  hear(node(2), { ...CALLER, port: 1 });
  assertEquals(confirmations(), 2);
});

Deno.test("Announcements send little at the word of a node that names many, and keep little of it", async () => {
  const { clock, hear, proven, sent, confirmations } = setUp();
  const made = (n: number) =>
    Array.from({ length: 100 }, (_, i) => ({ hostname: `192.0.${n % 250}.${i}`, port: 1 + n }));
  for (let n = 0; n < 600; n++) {
    hear(node(1), ...made(n));
    await clock.pass(100);
  }
  assertLessOrEqual(sent.length, 16 + 2 * 60 + 1);
  assertLessOrEqual(confirmations(), 4 + 15 + 1);
  assertEquals(proven, []);
  const before = sent.length;
  hear(node(2), CALLER); // whom another names is asked all the same
  assertEquals(sent.slice(before).map(({ to }) => to), [CALLER]);
});

Deno.test("Announcements ask a quiet address through one that has announced itself with thousands of ports", async () => {
  const { clock, hear, sent } = setUp();
  for (let n = 0; n < 40; n++) {
    hear(node(1), ...Array.from({ length: 99 }, (_, i) => ({ ...THIRD_PARTY, port: 1 + 100 * n + i })));
    await clock.pass(125);
  }
  assertLessOrEqual(sent.length, 4 + 3 + 8 + 6);
  hear(node(1), ...Array.from({ length: 99 }, (_, i) => ({ ...THIRD_PARTY, port: 1 + i })), CALLER);
  assertEquals(sent.at(-1)!.to, CALLER);
});

Deno.test("Announcements ask again, as soon as it knocks again, whoever did not answer", () => {
  const { announcements, clock, hear, proven, sent } = setUp();
  hear(node(1), CALLERS_DHT); // lost on the way
  announcements.knockedAgain(CALLERS_DHT); // anybody could have sent that
  announcements.knocked(CALLERS_DHT); // the question has opened our NAT
  announcements.knockedAgain(CALLERS_DHT);
  assertEquals(sent.map(({ to }) => to), [CALLERS_DHT, CALLERS_DHT, CALLERS_DHT]);
  const giver = new ProofGiver(() => clock.now());
  giver.expect(TARGET, CALLER.port, SERVER.hostname);
  announcements.datagram(giver.answer(sent[1]!.data, SERVER)!, CALLERS_DHT);
  assertEquals(proven, [formatEndpoint(CALLER)]);
  announcements.knockedAgain(CALLERS_DHT); // sent before it knew
  assertEquals(sent.length, 3);
});

Deno.test("Announcements send an address little at the word of datagrams that others can have sent", async () => {
  const { announcements, clock, sent } = setUp();
  for (let n = 0; n < 600; n++) {
    announcements.knocked({ ...THIRD_PARTY, port: 1 + n });
    await clock.pass(100);
  }
  assertLessOrEqual(sent.length, 8 + 60 + 1);
});

Deno.test("Announcements ask a newcomer at an address that has been announced again and again before", async () => {
  const { announcements, clock, hear, sent } = setUp();
  const old = Array.from({ length: 40 }, (_, i) => ({ ...CALLER, port: 30_000 + i }));
  for (const one of EIGHT) hear(one, ...old);
  await clock.pass(1_000);
  hear(node(1), ...old, CALLERS_DHT);
  assertEquals(sent.at(-1)!.to, CALLERS_DHT);
  const giver = new ProofGiver(() => clock.now());
  giver.expect(TARGET, CALLER.port, SERVER.hostname);
  announcements.datagram(giver.answer(sent.at(-1)!.data, SERVER)!, CALLERS_DHT);
  hear(node(2), ...old, CALLER);
  await clock.pass(130_000); // the proof is no longer recent
  const before = sent.length;
  hear(node(3), ...old, CALLER); // they have been dealt with
  assertEquals(sent.length, before);
});

Deno.test("Announcements ask nobody who may not be dialled", () => {
  const { hear, sent } = setUp();
  hear(node(1), { hostname: "0.0.0.0", port: 1 });
  assertEquals(sent, []);
});

Deno.test("Announcements wait for no proof where our NAT lets no question out, and hear no two juries at once", async () => {
  let isAnnounced = false;
  const { clock, hear, juries, proven } = setUp(EIGHT, ALL, () => isAnnounced ? [CALLER] : [], false);
  for (const one of EIGHT.slice(0, 5)) hear(one, CALLER);
  await clock.pass(1);
  assertEquals([juries(), proven], [1, []]);
  isAnnounced = true;
  hear(EIGHT[5]!, CALLER);
  await clock.pass(1);
  assertEquals([juries(), proven], [1, []]); // the same jury would say the same
  await clock.pass(250);
  hear(EIGHT[6]!, CALLER);
  await clock.pass(1);
  assertEquals([juries(), proven], [2, [formatEndpoint(CALLER)]]);
});
