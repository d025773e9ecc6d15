import { assertEquals } from "@std/assert";
import { nodeIdFor } from "../../lib/discovery/bep42.ts";
import { distance } from "../../lib/discovery/contacts.ts";
import { closestReplies, type ListedNode, Shortlist } from "../../lib/discovery/shortlist.ts";
import type { Contact, Reply } from "../../lib/discovery/types.ts";
import { seededRandom } from "../simulation.ts";

const TARGET = new Uint8Array(20);
const everybody = () => true;
const nobodyIsSelf = () => false;

/** A node whose id fits its address, in the network 20.n. */
function contact(n: number, host = 1): Contact {
  const random = seededRandom(1000 * n + host);
  const hostname = `20.${n}.0.${host}`;
  return {
    id: nodeIdFor(hostname, Uint8Array.from({ length: 20 }, () => 256 * random())),
    hostname,
    port: 6881,
  };
}

/** One that is as close as it likes, which BEP 42 forbids. */
function close(n: number): Contact {
  return { id: Uint8Array.from(TARGET).fill(n, 19), hostname: `66.${n}.0.1`, port: 6881 };
}

const reply = (from: Contact, nodes: readonly Contact[] = []): Reply => ({
  from,
  nodes,
  values: [],
  rttMs: 1,
});
const sorted = (contacts: readonly Contact[]) =>
  contacts.toSorted((a, b) => distance(a.id, TARGET) < distance(b.id, TARGET) ? -1 : 1);
const hosts = (nodes: readonly { hostname: string }[]) => nodes.map(({ hostname }) => hostname);
const window = (list: Shortlist) => hosts(list.window(everybody).map(({ endpoint }) => endpoint));
const find = (list: Shortlist, { hostname }: Contact): ListedNode =>
  list.nodes.find(({ endpoint }) => endpoint.hostname === hostname)!;

const HONEST = sorted(Array.from({ length: 12 }, (_, i) => contact(i + 1)));

Deno.test("Shortlist.window() is the eight closest of those whose ids fit their addresses", () => {
  const list = new Shortlist(TARGET);
  for (const one of [...HONEST, close(1), close(2)]) list.add(one);
  assertEquals(window(list), hosts(HONEST.slice(0, 8)));
});

Deno.test("Shortlist.window() has one node of each network", () => {
  const list = new Shortlist(TARGET);
  const crowd = sorted(Array.from({ length: 100 }, (_, i) => contact(100, i + 1)));
  for (const one of [...HONEST, ...crowd]) list.add(one);
  assertEquals(window(list).filter((host) => host.startsWith("20.100.")).length, 1);
});

Deno.test("Shortlist.window() fills up with what it cannot trust where there are too few others", () => {
  const list = new Shortlist(TARGET);
  for (const one of [...HONEST.slice(0, 5), close(1), close(2)]) list.add(one);
  assertEquals(window(list), hosts([...HONEST.slice(0, 5), close(1), close(2)]));
});

Deno.test("Shortlist.window() has more than eight where more are as close as eight should be, and at most 24", () => {
  const many = sorted(Array.from({ length: 60 }, (_, i) => contact(i + 1)));
  for (const [reach, expected] of [[5, 8], [15, 15], [40, 24]] as const) {
    const list = new Shortlist(TARGET, distance(many[reach]!.id, TARGET));
    for (const one of many) list.add(one);
    assertEquals(window(list), hosts(many.slice(0, expected)));
  }
});

Deno.test("Shortlist puts what was named only by nodes that mostly name nobody behind all others", () => {
  const list = new Shortlist(TARGET);
  const [poisoner, ...others] = HONEST.toReversed() as [Contact, ...Contact[]];
  for (const one of [poisoner, ...others.slice(-8)]) list.add(one);
  const near = sorted(Array.from({ length: 600 }, (_, i) => contact(101 + i % 150, 1 + (i >> 2))));
  const networks = [...Map.groupBy(near, ({ hostname }) => hostname.split(".")[1]).values()];
  const [later, unbidden, ...made] = networks.slice(0, 8).map(([one]) => one!) as [
    Contact,
    Contact,
    ...Contact[],
  ];
  list.answered(find(list, poisoner), reply(poisoner, made), nobodyIsSelf);
  assertEquals(window(list).slice(0, 6), hosts(made));
  for (const one of made.slice(0, 3)) {
    list.failed(find(list, one));
    find(list, one).state = "dead";
  }
  const alive = list.window(({ state }) => state !== "dead").map(({ endpoint }) => endpoint);
  assertEquals(hosts(alive).some((host) => hosts(made).includes(host)), false);
  // Whom it names when it is asked once more is no better.
  list.add(later, list.nodeAt(poisoner));
  list.add(unbidden);
  const asked = hosts(list.window(({ state }) => state !== "dead").map(({ endpoint }) => endpoint));
  assertEquals([asked.includes(later.hostname), asked.includes(unbidden.hostname)], [false, true]);
});

Deno.test("Shortlist believes in a node that somebody else names too, or that speaks for itself", () => {
  const list = new Shortlist(TARGET);
  const [honest, poisoner] = [HONEST[10]!, HONEST[11]!];
  for (const one of [honest, poisoner]) list.add(one);
  const made = sorted(Array.from({ length: 600 }, (_, i) => contact(101 + i % 150, 1 + (i >> 2)))).slice(
    0,
    5,
  );
  list.answered(find(list, poisoner), reply(poisoner, made), nobodyIsSelf);
  for (const one of made.slice(0, 3)) list.failed(find(list, one));
  const filled = () => list.window(({ state }) => state !== "dead");
  for (const one of HONEST.slice(0, 8)) list.add(one);
  assertEquals(filled().includes(find(list, made[4]!)), false);
  list.answered(find(list, honest), reply(honest, [made[4]!]), nobodyIsSelf);
  assertEquals(filled().includes(find(list, made[4]!)), true);
  find(list, made[3]!).state = "answered";
  assertEquals(filled().includes(find(list, made[3]!)), true);
});

Deno.test("Shortlist blames nobody for a node that was only late, but for one that is somebody else", () => {
  const list = new Shortlist(TARGET);
  const [teller, late, liar] = [HONEST[0]!, HONEST[1]!, HONEST[2]!];
  list.add(teller);
  list.answered(find(list, teller), reply(teller, [late, liar]), nobodyIsSelf);
  const { credit } = find(list, teller);
  list.failed(find(list, late));
  assertEquals(credit, { good: 0, bad: 1 });
  list.answered(find(list, late), reply(late), nobodyIsSelf);
  assertEquals(credit, { good: 1, bad: 0 });
  list.answered(find(list, liar), reply({ ...liar, id: HONEST[9]!.id }), nobodyIsSelf);
  assertEquals(credit, { good: 1, bad: 1 });
});

Deno.test("Shortlist puts a node where its own word puts it, and ourselves nowhere", () => {
  const list = new Shortlist(TARGET);
  list.add({ hostname: "20.1.0.1", port: 6881 });
  list.add(close(5));
  assertEquals(list.nodes.map((node) => node.distance === ""), [true, false]);
  list.answered(
    find(list, contact(1)),
    reply(contact(1), [close(6)]),
    ({ hostname }) => hostname === "66.6.0.1",
  );
  assertEquals(hosts(list.nodes.map(({ endpoint }) => endpoint)), ["66.5.0.1", "20.1.0.1"]);
  list.answered(find(list, close(5)), reply(close(5)), () => true);
  assertEquals(list.nodes.length, 1);
});

Deno.test("closestReplies() gives at most eight, those with ids that fit first, one of each network", () => {
  const doubtful = [close(1), ...sorted([contact(1, 2), contact(1, 3)]).slice(0, 1)];
  const replies = [...doubtful, ...HONEST.slice(0, 6)].map((one) => reply(one));
  const found = closestReplies(replies, TARGET).map(({ from }) => from);
  assertEquals(found.length, 8);
  assertEquals(hosts(found).indexOf(close(1).hostname) >= 6, true);
  assertEquals(closestReplies(HONEST.map((one) => reply(one)), TARGET).length, 8);
});
