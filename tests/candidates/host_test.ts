import { assertEquals } from "@std/assert";
import { hostCandidates, type InterfaceAddress } from "../../lib/candidates/host.ts";
import { interfaceAddresses } from "../../lib/candidates/mod.ts";

function on(...addresses: string[]) {
  return addresses.map((address) => ({ address, prefix: 24 }));
}

Deno.test("hostCandidates() leaves out what means nothing elsewhere", () => {
  const found = hostCandidates(
    5000,
    on("127.0.0.1", "::1", "169.254.1.1", "fe80::1", "192.168.1.2", "9.9.9.9"),
  );
  assertEquals(found.map((c) => c.hostname), ["9.9.9.9", "192.168.1.2"]);
  assertEquals(found[0], { kind: "host", hostname: "9.9.9.9", port: 5000 });
});

Deno.test("hostCandidates() puts global before private, and IPv6 before IPv4", () => {
  const found = hostCandidates(1, on("10.0.0.1", "fd00::1", "9.9.9.9", "2001:db8::1"));
  assertEquals(found.map((c) => c.hostname), ["2001:db8::1", "9.9.9.9", "fd00::1", "10.0.0.1"]);
});

Deno.test("hostCandidates() is bounded", () => {
  const many = on(...Array.from({ length: 40 }, (_, i) => `10.0.0.${i + 1}`));
  assertEquals(hostCandidates(1, many).length, 8);
});

Deno.test("interfaceAddresses() has the loopback address of this machine", () => {
  const loopback = interfaceAddresses().find((i) => i.address === "127.0.0.1");
  assertEquals(loopback, { name: loopback?.name ?? "", address: "127.0.0.1", prefix: 8 });
});

Deno.test({
  name: "interfaceAddresses() is empty where the permission is missing",
  permissions: { sys: false },
  fn: () => assertEquals(interfaceAddresses(), []),
});

/** IPv6 addresses of one network, in the system's order. */
function inNetwork(...uses: (InterfaceAddress["use"])[]): InterfaceAddress[] {
  return uses.map((use, i) => ({ address: `2001:db8::${i + 1}`, prefix: 64, ...(use ? { use } : {}) }));
}

function chosen(addresses: InterfaceAddress[]): string[] {
  return hostCandidates(1, addresses).map((c) => c.hostname);
}

Deno.test("hostCandidates() takes the newest temporary and a stable address of each IPv6 network", () => {
  const found = chosen(inNetwork("temporary", "temporary", "unusable", "stable", "stable"));
  assertEquals(found, ["2001:db8::1", "2001:db8::5"]);
  assertEquals(chosen(inNetwork("stable", "temporary", "stable")), ["2001:db8::1", "2001:db8::2"]);
});

Deno.test("hostCandidates() leaves out addresses that are deprecated or not yet unique", () => {
  assertEquals(chosen(inNetwork("unusable", "stable", "unusable")), ["2001:db8::2"]);
});

Deno.test("hostCandidates() takes the ends of the system's list where it does not tell which is which", () => {
  assertEquals(chosen(inNetwork(undefined, undefined, undefined)), ["2001:db8::1", "2001:db8::3"]);
  const other = { address: "2001:db8:1::1", prefix: 64 };
  assertEquals(chosen([...inNetwork(undefined), other]), ["2001:db8::1", "2001:db8:1::1"]);
});

Deno.test("hostCandidates() leaves out what only this machine's containers know, unless there is no other", () => {
  const docker = { name: "docker0", address: "172.17.0.1", prefix: 16 };
  const network = { name: "br-0123456789ab", address: "172.18.0.1", prefix: 16 };
  const lan = { name: "br-lan", address: "192.168.1.2", prefix: 24 };
  assertEquals(chosen([docker, network, lan]), ["192.168.1.2"]);
  assertEquals(chosen([docker]), ["172.17.0.1"]);
  assertEquals(chosen([{ ...docker, address: "9.9.9.9" }, lan]), ["9.9.9.9", "192.168.1.2"]);
});
