import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import dns from "dns-packet";
import { Buffer } from "node:buffer";
import { ageOf, decodeRecord, encodeRecord, MAX_RECORD_BYTES } from "../../lib/discovery/record.ts";
import type { ServiceRecord } from "../../lib/discovery/types.ts";
import type { Candidate } from "../../lib/endpoint.ts";
import { PeerError } from "../../lib/errors.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { seededRandom } from "../simulation.ts";
import { natOf } from "../../lib/nat.ts";

const { id, publicKey } = new Identity(new Uint8Array(32).fill(7));
const record: ServiceRecord = {
  candidates: [
    { kind: "mapped", hostname: "203.0.113.9", port: 50712 },
    { kind: "reflexive", hostname: "2001:db8::9", port: 50712 },
    { kind: "host", hostname: "192.168.1.7", port: 50712 },
  ],
  nat: natOf("preserving"),
  dht: { hostname: "203.0.113.9", port: 50713 },
  sealKey: new Uint8Array(32).fill(9),
};

interface Answer {
  name: string;
  type: string;
  ttl: number;
  data: unknown;
}

function answers(packet: Uint8Array): Answer[] {
  return dns.decode(Buffer.from(packet)).answers;
}

function txt(strings: string[], name = `_skip.${id}`): Uint8Array {
  return dns.encode({ type: "response", answers: [{ type: "TXT", name, data: strings }] });
}

function reason(outcome: ServiceRecord | PeerError): string {
  if (!(outcome instanceof PeerError)) throw new Error("expected an error");
  assertEquals(outcome.code, "bad-record");
  return outcome.message;
}

const HEAD = ["v=1", `key=${Buffer.from(record.sealKey).toString("base64url")}`];

Deno.test("decodeRecord() reads what encodeRecord() wrote", () => {
  assertEquals(decodeRecord(publicKey, encodeRecord(publicKey, record)), record);
  const bare: ServiceRecord = { candidates: [], nat: natOf("unknown"), sealKey: record.sealKey };
  assertEquals(decodeRecord(publicKey, encodeRecord(publicKey, bare)), bare);
});

Deno.test("encodeRecord() makes a pkarr packet: a DNS response with every name under the key", () => {
  const packet = dns.decode(Buffer.from(encodeRecord(publicKey, record)));
  assertEquals([packet.type, packet.id, packet.rcode, packet.questions], ["response", 0, "NOERROR", []]);
  const names = (packet.answers as Answer[]).map(({ type, name }) => `${type} ${name}`);
  assertEquals(names, [`TXT _skip.${id}`, `SRV _skip._tcp.${id}`, `A ${id}`, `AAAA ${id}`]);
});

Deno.test("encodeRecord() tells everyone else the public candidates, and no private one", () => {
  const [, srv, a, aaaa] = answers(encodeRecord(publicKey, record));
  assertEquals(srv!.data, { priority: 0, weight: 0, port: 50712, target: id });
  assertEquals([a!.data, aaaa!.data], ["203.0.113.9", "2001:db8::9"]);
  const hidden = { ...record, candidates: record.candidates.slice(2) };
  assertEquals(answers(encodeRecord(publicKey, hidden)).map(({ type }) => type), ["TXT"]);
});

Deno.test("encodeRecord() leaves out the last candidates where 16 of IPv6 do not fit", () => {
  const candidates = Array.from({ length: 20 }, (_, i): Candidate => ({
    kind: "host",
    hostname: `2001:db8:1111:2222:3333:4444:5555:${(0x1000 + i).toString(16)}`,
    port: 50712,
  }));
  const packet = encodeRecord(publicKey, { ...record, candidates });
  assertLessOrEqual(packet.length, MAX_RECORD_BYTES);
  const decoded = decodeRecord(publicKey, packet) as ServiceRecord;
  assertGreater(decoded.candidates.length, 8);
  assertEquals(decoded.candidates, candidates.slice(0, decoded.candidates.length));
});

Deno.test("encodeRecord() writes at most 16 candidates, and only what names a machine", () => {
  const good = Array.from({ length: 20 }, (_, i): Candidate => ({
    kind: "host",
    hostname: `10.0.0.${i + 1}`,
    port: 1,
  }));
  const bad = ["0.0.0.0", "224.0.0.1", "255.255.255.255", "example.org", "ff02::1", "::"].map(
    (hostname): Candidate => ({ kind: "host", hostname, port: 1 }),
  );
  const packet = encodeRecord(publicKey, {
    ...record,
    candidates: [...bad, { ...good[0]!, port: 0 }, ...good],
  });
  assertEquals((decodeRecord(publicKey, packet) as ServiceRecord).candidates, good.slice(0, 16));
});

Deno.test("decodeRecord() names a version that it does not know", () => {
  assertEquals(reason(decodeRecord(publicKey, txt(["v=2", ...HEAD.slice(1)]))).includes('version "2"'), true);
  assertEquals(reason(decodeRecord(publicKey, txt(HEAD.slice(1)))).includes('version ""'), true);
});

Deno.test("decodeRecord() tells another program's record from a malformed one", () => {
  const other = txt(HEAD, `_other.${id}`);
  assertEquals(reason(decodeRecord(publicKey, other)).includes("another program"), true);
  assertEquals(reason(decodeRecord(publicKey, new Uint8Array(50))).includes("another program"), true);
  assertEquals(reason(decodeRecord(publicKey, new Uint8Array(5))).includes("no DNS packet"), true);
  assertEquals(reason(decodeRecord(publicKey, txt(["v=1", "key=AAAA"]))).includes("key for knocks"), true);
});

Deno.test("decodeRecord() leaves out what is no address, and what it does not know", () => {
  const strings = [
    ...HEAD,
    "nat=weird",
    "dht=example.org:1",
    "x=10.0.0.1:1",
    "h=10.0.0.2:0",
    "h=10.0.0.2:65536",
    "h=host:80",
    "h=0.0.0.0:80",
    "r=239.1.1.1:80",
    "h",
    "",
    "h=[::ffff:10.0.0.3]:80",
    "m=[2001:DB8:0::1]:80",
  ];
  assertEquals(decodeRecord(publicKey, txt(strings)), {
    candidates: [
      { kind: "host", hostname: "10.0.0.3", port: 80 },
      { kind: "mapped", hostname: "2001:db8::1", port: 80 },
    ],
    nat: natOf("unknown"),
    sealKey: record.sealKey,
  });
});

Deno.test("decodeRecord() reads at most 16 candidates", () => {
  const many = Array.from({ length: 40 }, (_, i) => `h=10.0.0.${i}:1`);
  assertEquals((decodeRecord(publicKey, txt([...HEAD, ...many])) as ServiceRecord).candidates.length, 16);
});

Deno.test("decodeRecord() reads compressed names, which other tools write", () => {
  const plain = Buffer.from(txt(HEAD));
  // A second answer whose name points at the first one's id label, as RFC 1035 section 4.1.4 has it.
  const tail = Buffer.from([0xc0, 12 + 6, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 203, 0, 113, 9]);
  const packet = Buffer.concat([plain, tail]);
  packet.writeUInt16BE(2, 6);
  assertEquals(answers(packet)[1]!.name, id);
  assert(!(decodeRecord(publicKey, packet) instanceof PeerError));
});

Deno.test("decodeRecord() ends at pointers that go in circles, and at counts that lie", () => {
  for (const [to, count] of [[12, 1], [14, 1], [13, 65535], [0, 1], [0x3fff, 1]] as const) {
    const packet = Buffer.alloc(40, 0xc0);
    packet.fill(0, 0, 12);
    packet.writeUInt16BE(0x8000, 2);
    packet.writeUInt16BE(count, 6);
    packet.writeUInt16BE(0xc000 | to, 12);
    reason(decodeRecord(publicKey, packet));
  }
});

Deno.test("decodeRecord() gives a record or an error for any bytes", () => {
  const random = seededRandom(1);
  const valid = encodeRecord(publicKey, record);
  const types = [1, 2, 5, 6, 10, 12, 13, 15, 16, 28, 33, 41, 43, 44, 46, 47, 48, 50, 52, 64, 65, 257];
  const start = performance.now();
  for (let i = 0; i < 4000; i++) {
    const packet = Buffer.from(i % 2 ? valid : valid.subarray(0, Math.floor(random() * valid.length)));
    for (let n = 0; n < 1 + i % 9 && packet.length > 0; n++) {
      packet[Math.floor(random() * packet.length)] = Math.floor(random() * 256);
    }
    if (i % 3 === 0 && packet.length > 80) packet.writeUInt16BE(types[i % types.length]!, 12 + 60);
    const outcome = decodeRecord(publicKey, packet);
    if (outcome instanceof PeerError) continue;
    assertLessOrEqual(outcome.candidates.length, 16);
    assertEquals(outcome.sealKey.length, 32);
  }
  assertLessOrEqual(performance.now() - start, 20_000);
});

Deno.test("ageOf() believes a clock that is 10 minutes off, and a record of 2 hours", () => {
  const now = 1_800_000_000_000, minute = 60_000;
  const ages = [11, 9, 0, -119, -121].map((minutes) => ageOf((now + minutes * minute) * 1000, now));
  assertEquals(ages, ["future", "fresh", "fresh", "fresh", "stale"]);
});

Deno.test("decodeRecord() gives the external ports that encodeRecord() wrote, at most 16 that are ports", () => {
  const ports = [0, 65_536, ...Array.from({ length: 20 }, (_, i) => 40_000 + i)];
  const sequence = { next: 40_020, step: 1, rate: 3 };
  const busy = {
    ...record,
    nat: natOf("sequential", { filtering: "port", sequence }),
    ports: ports.slice(2),
  };
  const decoded = decodeRecord(publicKey, encodeRecord(publicKey, busy));
  assert(!(decoded instanceof Error));
  assertEquals([decoded.ports, decoded.nat], [ports.slice(2, 18), busy.nat]);
});
