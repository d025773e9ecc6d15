import { assertEquals } from "@std/assert";
import { RoutingTable } from "../../lib/discovery/table.ts";
import { nodeIdFor } from "../../lib/discovery/bep42.ts";
import type { Contact } from "../../lib/discovery/types.ts";
import { seededRandom } from "../simulation.ts";
import { distance } from "../../lib/discovery/contacts.ts";

const OWN = new Uint8Array(20);

function contact(first: number, port = first + 1, last = 0): Contact {
  const id = new Uint8Array(20);
  id[0] = first;
  id[19] = last;
  return { id, hostname: "203.0.113.5", port };
}

function table(...contacts: Contact[]): RoutingTable {
  const made = new RoutingTable(OWN);
  for (const one of contacts) made.heard(one, true, 0);
  return made;
}

const ports = (of: RoutingTable) => of.nodes().map((node) => node.port).sort((a, b) => a - b);

Deno.test("RoutingTable.closest() gives the closest first, also with many buckets", () => {
  const random = seededRandom(3);
  const of = new RoutingTable(OWN);
  for (let i = 0; i < 2_000; i++) {
    const id = Uint8Array.from({ length: 20 }, () => random() * 256);
    of.heard({ id, hostname: `11.0.${i >> 8}.${i & 255}`, port: 1 }, true, 0);
  }
  for (let i = 0; i < 50; i++) {
    const target = Uint8Array.from({ length: 20 }, () => random() * 256);
    const all = of.nodes().map((node) => distance(node.id, target)).sort();
    assertEquals(of.closest(target, 8).map((node) => distance(node.id, target)), all.slice(0, 8));
  }
});

Deno.test("RoutingTable.heard() leaves ourselves out", () => {
  assertEquals(table({ ...contact(0), id: OWN }).size, 0);
});

Deno.test("RoutingTable.heard() keeps one contact for an endpoint: the id that answers there", () => {
  const of = table(contact(1, 7));
  of.heard(contact(2, 7), false, 0);
  assertEquals(of.nodes().map((node) => node.id[0]), [1]);
  of.heard(contact(2, 7), true, 0);
  assertEquals(of.nodes().map((node) => node.id[0]), [2]);
});

Deno.test("RoutingTable.heard() does not let another endpoint take over a living node's id", () => {
  const of = table(contact(1, 7));
  of.heard(contact(1, 8), false, 0);
  of.heard(contact(1, 8), true, 0);
  assertEquals(ports(of), [7]);
  of.silent(contact(1, 7), false);
  of.heard(contact(1, 8), false, 0);
  assertEquals(ports(of), [7]);
  of.heard(contact(1, 8), true, 0);
  assertEquals(ports(of), [8]);
});

Deno.test("RoutingTable.silent() drops a node that failed twice, and at once one that never answered", () => {
  const of = table(contact(1, 7));
  of.heard(contact(2, 8), false, 0);
  of.silent(contact(1, 7), true);
  of.silent(contact(2, 8), true);
  assertEquals(ports(of), [7]);
  of.heard(contact(1, 7), true, 1); // an answer in between
  of.silent(contact(1, 7), true);
  assertEquals(ports(of), [7]);
  of.silent(contact(1, 7), true);
  assertEquals(ports(of), []);
  of.silent(contact(1, 7), true);
});

Deno.test("RoutingTable.silent() drops nobody while the network itself is away", () => {
  const of = table(contact(1, 7));
  for (let i = 0; i < 10; i++) of.silent(contact(1, 7), false);
  assertEquals(ports(of), [7]);
});

Deno.test("RoutingTable.heard() gives a full bucket's bad places to nodes that answer", () => {
  const full = Array.from({ length: 20 }, (_, i) => contact(0x80, i + 1, i));
  const of = table(...full);
  of.heard(contact(0x40), true, 0); // so that the far bucket is one of its own
  of.heard(contact(0x80, 100, 100), true, 0);
  assertEquals(ports(of).includes(100), false);
  of.silent(full[3]!, false);
  of.heard(contact(0x80, 101, 101), false, 0);
  assertEquals(ports(of).includes(101), false);
  of.heard(contact(0x80, 102, 102), true, 0);
  assertEquals([ports(of).includes(102), ports(of).includes(4)], [true, false]);
});

Deno.test("RoutingTable.heard() notes the time, and whether the node ever answered", () => {
  const of = new RoutingTable(OWN);
  of.heard(contact(1), false, 5);
  assertEquals(of.nodes().map(({ confirmed, seenAt }) => [confirmed, seenAt]), [[false, 5]]);
  of.heard(contact(1), true, 9);
  of.heard(contact(1), false, 11);
  assertEquals(of.nodes().map(({ confirmed, seenAt }) => [confirmed, seenAt]), [[true, 11]]);
});

Deno.test("RoutingTable.heard() gives the place of an id that does not fit its address (BEP 42) to one that does", () => {
  const far = (n: number): Contact => ({ ...contact(0x80, 6881, n), hostname: `20.${n}.0.1` });
  const of = table(...Array.from({ length: 20 }, (_, i) => far(i)), contact(0x40));
  of.heard(far(100), true, 0); // fits as little as they do
  assertEquals(of.nodes().some(({ hostname }) => hostname === "20.100.0.1"), false);
  const fitting = Array.from({ length: 250 }, (_, n) => `21.${n}.0.1`)
    .map((hostname, n) => ({ id: nodeIdFor(hostname, new Uint8Array(20).fill(n)), hostname, port: 6881 }))
    .filter(({ id }) => id[0]! >= 0x80)
    .slice(0, 21);
  for (const one of fitting) of.heard(one, true, 0);
  const kept = of.nodes().map(({ hostname }) => hostname);
  assertEquals(fitting.filter(({ hostname }) => kept.includes(hostname)).length, 20);
  assertEquals(of.size, 21);
});

Deno.test("RoutingTable.closest() can leave out who never answered", () => {
  const of = table(contact(1));
  of.heard(contact(2), false, 0);
  assertEquals(of.closest(OWN).length, 2);
  assertEquals(of.closest(OWN, Infinity, { confirmed: true }).map(({ id }) => id[0]), [1]);
});
