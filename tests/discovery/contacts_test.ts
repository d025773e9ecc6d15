import { assertEquals } from "@std/assert";
import { writeBencode } from "../../lib/discovery/bencode.ts";
import {
  byDistance,
  distance,
  isPlausible,
  packContacts,
  toReply,
  unpackEndpoint,
} from "../../lib/discovery/contacts.ts";
import { readPacket, type ResponseMessage } from "../../lib/discovery/guard.ts";

const id = (first: number) => new Uint8Array(20).fill(first, 0, 1);
const PUBLIC = { hostname: "203.0.113.5", port: 6881 };

function reply(r: Record<string, unknown>, from = PUBLIC) {
  return toReply(
    from,
    readPacket(writeBencode({ t: "a", y: "r", r: { id: id(9), ...r } })) as ResponseMessage,
    12,
  );
}

Deno.test("packContacts() and toReply() agree", () => {
  const nodes = [
    { id: id(1), hostname: "198.51.100.7", port: 1 },
    { id: id(2), hostname: "198.51.100.8", port: 65_535 },
  ];
  assertEquals(reply({ nodes: packContacts(nodes) }).nodes, nodes);
});

Deno.test("packContacts() leaves out IPv6", () => {
  assertEquals(packContacts([{ id: id(1), hostname: "2001:db8::1", port: 1 }]).length, 0);
});

Deno.test("unpackEndpoint() reads what BEP 5 calls compact", () => {
  assertEquals(unpackEndpoint(Uint8Array.of(1, 2, 3, 4, 1, 2)), { hostname: "1.2.3.4", port: 258 });
});

Deno.test("toReply() gives everything that a node said", () => {
  const k = new Uint8Array(32).fill(3), sig = new Uint8Array(64).fill(4), v = Uint8Array.of(5);
  const full = reply({ token: "tok", values: [Uint8Array.of(1, 2, 3, 4, 1, 2)], k, sig, seq: 7, v });
  assertEquals(full.from, { id: id(9), ...PUBLIC });
  assertEquals(full.token, new TextEncoder().encode("tok"));
  assertEquals(full.values, [{ hostname: "1.2.3.4", port: 258 }]);
  assertEquals(full.item, { k, sig, seq: 7, v });
  assertEquals(full.rttMs, 12);
});

Deno.test("toReply() gives no item whose value is no string or whose number is not exact", () => {
  assertEquals("item" in reply({ seq: 7, v: ["list"] }), false);
  assertEquals("item" in reply({ seq: 2 ** 53, v: "text" }), false);
  assertEquals("item" in reply({ v: "immutable" }), false);
  assertEquals("token" in reply({}), false);
});

Deno.test("toReply() bounds what a node can say", () => {
  const many = Array.from({ length: 60 }, (_, i) => ({ id: id(i), hostname: "198.51.100.7", port: i + 1 }));
  assertEquals(reply({ nodes: packContacts(many) }).nodes.length, 16);
  const values = Array.from({ length: 230 }, () => Uint8Array.of(1, 2, 3, 4, 1, 2));
  assertEquals(reply({ values }).values.length, 200);
  assertEquals(
    reply({ values: ["", "12345", new Uint8Array(18), Uint8Array.of(1, 2, 3, 4, 0, 0)] }).values,
    [],
  );
  assertEquals(reply({ nodes: new Uint8Array(25) }).nodes, []);
});

/** Who may send us where. */
const PLAUSIBLE: [contact: string, from: string, ok: boolean][] = [
  ["198.51.100.7", "203.0.113.5", true],
  ["198.51.100.7", "192.168.1.2", true],
  ["192.168.1.1", "203.0.113.5", false],
  ["127.0.0.1", "203.0.113.5", false],
  ["169.254.1.1", "203.0.113.5", false],
  ["192.168.1.1", "192.168.1.2", true],
  ["127.0.0.1", "127.0.0.1", true],
  ["0.0.0.0", "127.0.0.1", false],
  ["224.0.0.1", "192.168.1.2", false],
  ["255.255.255.255", "192.168.1.2", false],
];

for (const [hostname, from, ok] of PLAUSIBLE) {
  Deno.test(`isPlausible() ${ok ? "lets" : "does not let"} ${from} send us to ${hostname}`, () => {
    assertEquals(isPlausible({ hostname, port: 6881 }, { hostname: from, port: 1 }), ok);
    assertEquals(isPlausible({ hostname, port: 0 }, { hostname: from, port: 1 }), false);
  });
}

Deno.test("distance() sorts like the number that it is", () => {
  assertEquals(distance(id(1), id(1)) < distance(id(1), id(3)), true);
  assertEquals(distance(id(1), id(3)) < distance(id(1), id(0x80)), true);
  assertEquals(distance(id(0x0f), id(0x10)), "1f" + "00".repeat(19));
});

Deno.test("byDistance() puts the closest first", () => {
  const contacts = [8, 1, 4, 3].map((first) => ({ id: id(first), ...PUBLIC }));
  assertEquals(contacts.sort(byDistance(id(0))).map((contact) => contact.id[0]), [1, 3, 4, 8]);
});
