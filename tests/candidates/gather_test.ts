import { assertEquals } from "@std/assert";
import { gatherCandidates } from "../../lib/candidates/mod.ts";

const BEHIND_NAT = [{ address: "192.168.1.2", prefix: 24 }];

function from(observed: string, port = 5000) {
  return ["1.1.0.1", "2.2.0.1"].map((hostname) => ({
    observer: { hostname, port: 1 },
    observed: { hostname: observed, port },
  }));
}

Deno.test("gatherCandidates() adds the address that the network sees, with the TCP port", () => {
  const local = gatherCandidates({
    port: 6000,
    udpPort: 5000,
    observations: from("9.9.9.9"),
    interfaces: BEHIND_NAT,
  });
  assertEquals(local.candidates, [
    { kind: "host", hostname: "192.168.1.2", port: 6000 },
    { kind: "reflexive", hostname: "9.9.9.9", port: 6000 },
  ]);
  assertEquals([local.nat.mapping, local.publicAddress], ["preserving", "9.9.9.9"]);
  assertEquals(local.observed, { kind: "reflexive", hostname: "9.9.9.9", port: 5000 });
});

Deno.test("gatherCandidates() names a public address of this machine once, as host", () => {
  const interfaces = [{ address: "9.9.9.9", prefix: 24 }];
  const local = gatherCandidates({ port: 5000, udpPort: 5000, observations: from("9.9.9.9"), interfaces });
  assertEquals(local.candidates, [{ kind: "host", hostname: "9.9.9.9", port: 5000 }]);
  assertEquals(local.nat.mapping, "open");
});

Deno.test("gatherCandidates() names loopback only where the whole network is on loopback", () => {
  const options = { port: 5000, udpPort: 5000, interfaces: BEHIND_NAT };
  const inside = gatherCandidates({ ...options, observations: from("127.0.0.1") });
  assertEquals(inside.candidates.at(-1), { kind: "host", hostname: "127.0.0.1", port: 5000 });
  const outside = gatherCandidates({ ...options, observations: [] });
  assertEquals(outside.candidates.map((c) => c.hostname), ["192.168.1.2"]);
});

Deno.test("gatherCandidates() names loopback where this machine has nothing else and nobody has said anything", () => {
  const interfaces = [{ address: "127.0.0.1", prefix: 8 }];
  const local = gatherCandidates({ port: 5000, udpPort: 5000, observations: [], interfaces });
  assertEquals(local.candidates, [{ kind: "host", hostname: "127.0.0.1", port: 5000 }]);
});

Deno.test("gatherCandidates() puts the port that the router maps before the one that the NAT is said to keep", () => {
  const mapped = { kind: "mapped", hostname: "9.9.9.9", port: 7000 } as const;
  const options = { port: 6000, udpPort: 5000, observations: from("9.9.9.9"), interfaces: BEHIND_NAT };
  const local = gatherCandidates({ ...options, mapped });
  assertEquals(local.candidates.map((c) => [c.kind, c.port]), [
    ["host", 6000],
    ["mapped", 7000],
    ["reflexive", 6000],
  ]);
  assertEquals([local.nat.mapping, local.nat.filtering], ["preserving", "independent"]);
  const same = gatherCandidates({ ...options, mapped: { ...mapped, port: 6000 } });
  assertEquals(same.candidates.map((c) => c.kind), ["host", "mapped"]);
});
