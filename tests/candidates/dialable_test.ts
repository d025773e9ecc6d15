import { assertEquals } from "@std/assert";
import { dialable, type Vantage } from "../../lib/candidates/mod.ts";

const HOME: Vantage = { publicAddress: "9.9.9.9", interfaces: [{ address: "192.168.1.2", prefix: 24 }] };
const STRANGER = { addresses: ["8.8.8.8"], chosen: false };
const CHOSEN = { addresses: ["8.8.8.8"], chosen: true };
const NEIGHBOUR = { addresses: ["9.9.9.9"], chosen: false };

function which(addresses: string[], vantage: Vantage, source: { addresses: string[]; chosen: boolean }) {
  return dialable(addresses.map((hostname) => ({ hostname, port: 5000 })), vantage, source).map((e) =>
    e.hostname
  );
}

Deno.test("dialable() takes global addresses from anybody", () => {
  assertEquals(which(["8.8.8.8", "1.2.3.4"], HOME, STRANGER), ["8.8.8.8", "1.2.3.4"]);
});

Deno.test("dialable() refuses what nobody can be reached at", () => {
  const never = [
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "169.254.0.1",
    "ff02::1",
    "::",
    "fe80::1",
    "no address",
  ];
  assertEquals(which(never, HOME, NEIGHBOUR), []);
});

Deno.test("dialable() takes private addresses from a peer behind the same NAT", () => {
  assertEquals(which(["192.168.1.3", "10.1.1.1"], HOME, NEIGHBOUR), ["192.168.1.3", "10.1.1.1"]);
  assertEquals(which(["192.168.1.3", "10.1.1.1"], HOME, STRANGER), []);
});

Deno.test("dialable() takes private addresses in our own subnets from a peer that we chose", () => {
  assertEquals(which(["192.168.1.3", "192.168.2.3", "10.1.1.1"], HOME, CHOSEN), ["192.168.1.3"]);
});

Deno.test("dialable() compares the bits of a subnet, not whole bytes", () => {
  const vantage = { ...HOME, interfaces: [{ address: "10.0.0.130", prefix: 25 }] };
  assertEquals(which(["10.0.0.129", "10.0.0.127"], vantage, CHOSEN), ["10.0.0.129"]);
});

Deno.test("dialable() takes loopback only where both are seen on loopback", () => {
  const lab = { publicAddress: "127.0.0.1", interfaces: [] };
  assertEquals(which(["127.0.0.1"], lab, { addresses: ["127.0.0.1"], chosen: false }), ["127.0.0.1"]);
  assertEquals(which(["127.0.0.1"], HOME, { addresses: ["127.0.0.1"], chosen: true }), []);
});

Deno.test("dialable() leaves out IPv6 where this machine has none, duplicates, and ports that are none", () => {
  assertEquals(which(["2001:db8::1", "1.2.3.4", "1.2.3.4"], HOME, STRANGER), ["1.2.3.4"]);
  assertEquals(dialable([{ hostname: "1.2.3.4", port: 0 }], HOME, STRANGER), []);
});

const WITH_DOCKER: Vantage = {
  ...HOME,
  interfaces: [...HOME.interfaces, { address: "172.17.0.1", prefix: 16 }, {
    address: "10.8.0.2",
    prefix: 24,
  }],
};

Deno.test("dialable() leaves out private addresses that are ours too, of a peer elsewhere", () => {
  const named = ["172.17.0.1", "192.168.1.3", "10.8.0.2", "8.8.8.8"];
  for (const source of [CHOSEN, NEIGHBOUR]) {
    assertEquals(which(named, WITH_DOCKER, source), ["192.168.1.3", "8.8.8.8"]);
  }
});

Deno.test("dialable() takes our own private addresses from a peer on this machine", () => {
  const named = ["192.168.1.2", "172.17.0.1", "10.8.0.2", "9.9.9.9"];
  assertEquals(which(named, WITH_DOCKER, NEIGHBOUR), named);
});
