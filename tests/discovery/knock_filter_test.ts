import { assertEquals } from "@std/assert";
import { KnockFilter } from "../../lib/discovery/knock_filter.ts";
import type { Knock, Observation } from "../../lib/discovery/types.ts";
import type { Endpoint } from "../../lib/endpoint.ts";
import { natOf } from "../../lib/nat.ts";

const NODE = { hostname: "11.0.0.1", port: 6881 };
const LOCAL_NODE = { hostname: "127.0.0.1", port: 6881 };

function setUp(observed = "203.0.113.1") {
  const observations: Observation[] = [{ observer: NODE, observed: { hostname: observed, port: 50000 } }];
  const time = { ms: 0 };
  const knocks: Knock[] = [];
  const filter = new KnockFilter({
    now: () => time.ms,
    observations: () => observations,
    own: () => [{ hostname: "203.0.113.1", port: 50000 }],
    onKnock: (knock) => void knocks.push(knock),
  });
  return { filter, time, knocks };
}

const at = (hostname: string, port = 1000): Endpoint => ({ hostname, port });
const sealed = (...candidates: Endpoint[]) => ({
  candidates,
  nat: natOf("open"),
  publicKey: new Uint8Array(32),
});

Deno.test("KnockFilter reports an announcement once, however many nodes list it", () => {
  const { filter, knocks } = setUp();
  for (let i = 0; i < 20; i++) filter.announced([at("198.51.100.7")], NODE);
  assertEquals(knocks, [{ via: "announce", candidates: [at("198.51.100.7")] }]);
});

Deno.test("KnockFilter takes an announcement for old as long as it is in sight, and 15 minutes longer", () => {
  const { filter, knocks, time } = setUp();
  for (; time.ms < 3_600_000; time.ms += 60_000) filter.announced([at("198.51.100.7")], NODE);
  assertEquals(knocks.length, 1);
  time.ms += 15 * 60_000;
  filter.announced([at("198.51.100.7")], NODE);
  assertEquals(knocks.length, 2);
});

Deno.test("KnockFilter takes a new port for a new knock", () => {
  const { filter, knocks } = setUp();
  filter.announced([at("198.51.100.7", 1), at("198.51.100.7", 2)], NODE);
  assertEquals(knocks.length, 2);
});

Deno.test("KnockFilter never punches what is no single machine, nor ourselves", () => {
  const { filter, knocks } = setUp();
  const targets = ["224.0.0.1", "255.255.255.255", "0.0.0.0", "169.254.1.1", "fe80::1", "ff02::1", "::", "x"];
  const own = at("203.0.113.1", 50000);
  for (const node of [NODE, LOCAL_NODE]) {
    filter.announced([...targets.map((target) => at(target)), own, at("198.51.100.7", 0)], node);
    filter.sealed(sealed(...targets.map((target) => at(target)), own), "sealed", node);
  }
  assertEquals(knocks, []);
});

Deno.test("KnockFilter punches private and loopback targets only at the word of somebody there", () => {
  for (const target of ["192.168.1.7", "10.0.0.7", "100.64.0.7", "127.0.0.1"]) {
    const { filter, knocks } = setUp();
    filter.announced([at(target)], NODE);
    filter.sealed(sealed(at(target), at("203.0.113.1")), "sealed", NODE);
    assertEquals(knocks.flatMap((knock) => knock.candidates).filter((c) => c.hostname === target), []);
    filter.announced([at(target)], LOCAL_NODE);
    assertEquals(knocks.at(-1), { via: "announce", candidates: [at(target)] });
  }
});

Deno.test("KnockFilter punches a scope in which others see us", () => {
  const { filter, knocks } = setUp("192.168.7.7");
  filter.announced([at("192.168.7.8"), at("127.0.0.1")], NODE);
  assertEquals(knocks.map((knock) => knock.candidates[0]!.hostname), ["192.168.7.8"]);
});

Deno.test("KnockFilter lets one address have 32 ports at once and four more each second, and the rest later", () => {
  const { filter, knocks, time } = setUp();
  const noisy = Array.from({ length: 90 }, (_, i) => at("198.51.100.7", i + 1));
  filter.announced(noisy, NODE);
  assertEquals(knocks.length, 32);
  for (; time.ms <= 10_000; time.ms += 1000) filter.announced(noisy, NODE);
  assertEquals(knocks.length, 72);
});

Deno.test("KnockFilter hears a quiet address through a noisy one", () => {
  const { filter, knocks, time } = setUp();
  const noisy = Array.from({ length: 200 }, (_, i) => at("198.51.100.7", i + 1));
  for (; time.ms < 60_000; time.ms += 125) filter.announced(noisy, NODE);
  knocks.length = 0;
  filter.announced([...noisy, at("198.51.100.8")], NODE);
  assertEquals(knocks.map((knock) => knock.candidates[0]!.hostname), ["198.51.100.8"]);
});

Deno.test("KnockFilter limits what all addresses together can do", () => {
  const { filter, knocks, time } = setUp();
  const many = Array.from({ length: 200 }, (_, i) => at(`198.51.100.${i}`));
  filter.announced(many, NODE);
  assertEquals(knocks.length, 64);
  time.ms = 10_000;
  for (let i = 0; i < 5; i++) filter.announced(many, NODE);
  assertEquals(knocks.length, 128);
});

Deno.test("KnockFilter hears announcements through a flood of boxes", () => {
  const { filter, knocks } = setUp();
  for (let i = 0; i < 200; i++) filter.sealed(sealed(at(`198.51.100.${i}`)), "datagram", NODE);
  assertEquals(knocks.length, 16);
  filter.announced([at("192.0.2.1")], NODE);
  assertEquals(knocks.at(-1)!.via, "announce");
});

Deno.test("KnockFilter reports a box with the sender's word, without what may not be punched", () => {
  const { filter, knocks } = setUp();
  const box = sealed(at("198.51.100.7"), at("198.51.100.7"), at("10.0.0.1"), at("2001:db8::1"));
  filter.sealed(box, "datagram", NODE);
  const candidates = [at("198.51.100.7"), at("2001:db8::1")];
  assertEquals(knocks, [{ via: "datagram", candidates, nat: natOf("open"), publicKey: box.publicKey }]);
});

Deno.test("KnockFilter survives a listener that throws", () => {
  let calls = 0;
  const filter = new KnockFilter({
    now: () => 0,
    observations: () => [],
    own: () => [],
    onKnock: () => {
      calls++;
      throw new Error("listener");
    },
  });
  filter.announced([at("198.51.100.7"), at("198.51.100.8")], NODE);
  assertEquals(calls, 2);
});
