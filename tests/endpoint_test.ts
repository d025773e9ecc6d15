import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  addressFamily,
  addressScope,
  addressToBytes,
  bytesToAddress,
  canonicalAddress,
  formatEndpoint,
  isGlobalIPv4,
  isPort,
  operatorPrefix,
  parseHostPort,
  sameEndpoint,
  subscriberPrefix,
} from "../lib/endpoint.ts";

/** Each address in a form that people write, and the one text form of RFC 5952. */
const CANONICAL: [written: string, canonical: string][] = [
  ["203.0.113.9", "203.0.113.9"],
  ["2001:DB8::9", "2001:db8::9"],
  ["2001:0db8:0000:0000:0000:0000:0000:0009", "2001:db8::9"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"],
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["::ffff:203.0.113.9", "203.0.113.9"],
  ["::ffff:cb00:7109", "203.0.113.9"],
  ["0:0:0:0:0:ffff:127.0.0.1", "127.0.0.1"],
  ["64:ff9b::203.0.113.9", "64:ff9b::cb00:7109"],
  ["fe80::1%eth0", "fe80::1"],
];

for (const [written, canonical] of CANONICAL) {
  Deno.test(`canonicalAddress() writes ${written} as ${canonical}`, () => {
    assertEquals(canonicalAddress(written), canonical);
    assertEquals(canonicalAddress(canonical), canonical);
  });
}

Deno.test("canonicalAddress() leaves names alone", () => {
  for (const name of ["localhost", "", "1.2.3", "1.2.3.4.5", "::g"]) {
    assertEquals(canonicalAddress(name), name);
  }
});

Deno.test("addressToBytes() and bytesToAddress() undo each other", () => {
  let state = 1;
  for (let i = 0; i < 1000; i++) {
    const bytes = Uint8Array.from({ length: i % 2 ? 4 : 16 }, () => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return state >> 16 & 3 ? 0 : state >> 8 & 255; // many zeros, for runs of them
    });
    assertEquals(addressToBytes(bytesToAddress(bytes)), bytes);
  }
});

Deno.test("addressToBytes() gives null for what is no address", () => {
  for (
    const text of ["", "localhost", "1.2.3", "256.0.0.1", "1.2.3.4.5", ":::", "1::2::3", "12345::", "[::1]"]
  ) {
    assertEquals(addressToBytes(text), null, text);
  }
});

Deno.test("bytesToAddress() refuses another length", () => {
  for (const length of [0, 3, 5, 15, 17]) {
    assertThrows(() => bytesToAddress(new Uint8Array(length)), RangeError, `${length}`);
  }
});

const SCOPES: Readonly<Record<ReturnType<typeof addressScope>, string[]>> = {
  "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
  "loopback": ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"],
  "link-local": ["169.254.0.1", "fe80::1", "febf::1"],
  "private": [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:10.0.0.1",
  ],
  "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1"],
  "reserved": [
    "240.0.0.1",
    "255.255.255.255",
    "192.0.0.4",
    "198.18.0.1",
    "198.19.255.255",
    "::2",
    "name",
    "::1.2.3.4",
    "64:ff9b::1.2.3.4",
    "64:ff9b:1::1",
    "2002:102:304::1",
    "2001::1",
  ],
  "global": [
    "1.1.1.1",
    "11.0.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "192.167.0.1",
    "192.0.1.1",
    "198.17.0.1",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700::1",
    "2001:1::1",
    "64:ff9a::1",
    "fec0::1",
    "::ffff:1.1.1.1",
  ],
};

for (const [scope, addresses] of Object.entries(SCOPES)) {
  Deno.test(`addressScope() knows what is ${scope}`, () => {
    for (const address of addresses) assertEquals(addressScope(address), scope, address);
  });
}

Deno.test("addressFamily() tells 4, 6 and nothing", () => {
  assertEquals(["1.1.1.1", "::1", "localhost", ""].map(addressFamily), [4, 6, 0, 0]);
});

Deno.test("formatEndpoint() and parseHostPort() undo each other", () => {
  for (const hostname of ["203.0.113.9", "2001:db8::9", "router.example"]) {
    const endpoint = { hostname, port: 6881 };
    assertEquals(parseHostPort(formatEndpoint(endpoint)), endpoint);
  }
  assertEquals(formatEndpoint({ hostname: "2001:db8::9", port: 50712 }), "[2001:db8::9]:50712");
});

Deno.test("parseHostPort() refuses what is no HOST:PORT", () => {
  const wrong = ["", "host", "host:", ":1", "host:0", "host:65536", "host:99999", "host:-1", "host:1x"];
  for (
    const text of [...wrong, "2001:db8::9:1", "[::1]", "[::1]:", "[host]:1", "a b:1", "host:1 ", "http://h:1"]
  ) {
    assertThrows(() => parseHostPort(text), SyntaxError, `"${text}"`);
  }
});

Deno.test("sameEndpoint() compares addresses, not their spelling", () => {
  const endpoint = (hostname: string, port = 1) => ({ hostname, port });
  assertEquals(sameEndpoint(endpoint("::ffff:1.2.3.4"), endpoint("1.2.3.4")), true);
  assertEquals(sameEndpoint(endpoint("2001:DB8:0::1"), endpoint("2001:db8::1")), true);
  assertEquals(sameEndpoint(endpoint("1.2.3.4"), endpoint("1.2.3.4", 2)), false);
  assertEquals(sameEndpoint(endpoint("1.2.3.4"), endpoint("1.2.3.5")), false);
});

Deno.test("isPort() takes 1 to 65535", () => {
  assertEquals([1, 443, 65535].every(isPort), true);
  assertEquals([0, -1, 65536, 1.5, NaN, Infinity].some(isPort), false);
});

Deno.test("isGlobalIPv4() is true for addresses of the public internet alone, and of IPv4", () => {
  const is = (hostname: string) => isGlobalIPv4({ hostname, port: 1 });
  assertEquals(["198.41.0.4", "::ffff:198.41.0.4", "10.0.0.1", "2606:4700::1", "example.org"].map(is), [
    true,
    true,
    false,
    false,
    false,
  ]);
});

Deno.test("subscriberPrefix() takes an IPv6 household for one, and an IPv4 address as it is", () => {
  assertEquals(subscriberPrefix("2001:db8:0:1::1"), subscriberPrefix("2001:db8:0:1:ffff::2"));
  assertNotEquals(subscriberPrefix("2001:db8:0:1::1"), subscriberPrefix("2001:db8:0:2::1"));
  assertEquals(subscriberPrefix("198.51.100.7"), "198.51.100.7");
});

Deno.test("operatorPrefix() takes a /16 for one, and an IPv6 /32", () => {
  assertEquals(operatorPrefix("198.51.100.7"), operatorPrefix("198.51.1.8"));
  assertNotEquals(operatorPrefix("198.51.100.7"), operatorPrefix("198.52.100.7"));
  assertEquals(operatorPrefix("2001:db8::1"), operatorPrefix("2001:db8:ffff::1"));
  assertNotEquals(operatorPrefix("2001:db8::1"), operatorPrefix("2001:db9::1"));
});
