import { assertEquals } from "@std/assert";
import { hostCandidates } from "../../lib/candidates/host.ts";
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
  assertEquals(loopback, { address: "127.0.0.1", prefix: 8 });
});

Deno.test({
  name: "interfaceAddresses() is empty where the permission is missing",
  permissions: { sys: false },
  fn: () => assertEquals(interfaceAddresses(), []),
});
