import { assertEquals } from "@std/assert";
import { ipv6Uses, parseUses } from "../../lib/candidates/_ipv6_uses.ts";

const TABLE = `20010db8000100010000000000000002 02 40 00 80     eth0
20010db80001000100000000000000aa 02 40 00 01     eth0
20010db80001000100000000000000bb 02 40 00 21     eth0
20010db80001000100000000000000cc 02 40 00 40     eth0
20010db80001000100000000000000dd 02 40 00 c8     eth0
fe80000000000000f4a1c5fffe0c1d2e 02 40 20 80     eth0
`;

Deno.test("parseUses() tells stable, temporary and unusable addresses apart by their flags", () => {
  assertEquals(Object.fromEntries(parseUses(TABLE)), {
    "2001:db8:1:1::2": "stable",
    "2001:db8:1:1::aa": "temporary",
    "2001:db8:1:1::bb": "unusable",
    "2001:db8:1:1::cc": "unusable",
    "2001:db8:1:1::dd": "unusable",
    "fe80::f4a1:c5ff:fe0c:1d2e": "stable",
  });
});

Deno.test("parseUses() leaves out lines of another form", () => {
  assertEquals(parseUses("").size, 0);
  assertEquals(parseUses("nonsense\n2001 02 40 00 80 eth0\n\0\n" + "f".repeat(10_000)).size, 0);
});

Deno.test({
  name: "ipv6Uses() knows every IPv6 address of this machine, with all permissions",
  ignore: Deno.build.os !== "linux",
  fn() {
    const own = Deno.networkInterfaces().filter(({ family }) => family === "IPv6").map((i) => i.address);
    assertEquals(own.filter((address) => !ipv6Uses().has(address)), []);
  },
});

Deno.test({
  name: "ipv6Uses() is empty where the permission is missing, and asks nobody for it",
  permissions: { sys: true },
  fn: () => assertEquals(ipv6Uses().size, 0),
});
