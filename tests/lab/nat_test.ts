import { assertEquals, assertNotEquals } from "@std/assert";
import { labTest } from "./lab_test_helper.ts";
import { Lab, NAT_TYPES, type NatType } from "./mod.ts";
import { Agent } from "./agent.ts";
import { type Behaviour, probeNat } from "./probe.ts";
import { runScript } from "./shell.ts";

type Filtering = Pick<Behaviour, "unasked" | "contacted" | "sameAddress" | "stranger">;

const OPEN: Filtering = { unasked: "in", contacted: "in", sameAddress: "in", stranger: "in" };
const ENDPOINT_INDEPENDENT: Filtering = { ...OPEN, unasked: "silence" };
const ADDRESS_DEPENDENT: Filtering = { ...ENDPOINT_INDEPENDENT, stranger: "silence" };
const PORT_DEPENDENT: Filtering = { ...ADDRESS_DEPENDENT, sameAddress: "silence" };
const PORT_DEPENDENT_RESET: Filtering = {
  unasked: "reset",
  contacted: "in",
  sameAddress: "reset",
  stranger: "reset",
};

const PORT_DEPENDENT_ICMP: Filtering = {
  unasked: "unreachable",
  contacted: "in",
  sameAddress: "unreachable",
  stranger: "unreachable",
};

const BLOCK = 2048;

type Mapping = "preserving" | "pooled" | "independent" | "address" | "drawn" | "block" | { step: number };

interface Expected {
  readonly mapping: Mapping;
  readonly udp: Filtering;
  readonly tcp: Filtering;
}

const PORT: Expected = { mapping: "preserving", udp: PORT_DEPENDENT, tcp: PORT_DEPENDENT };

const EXPECTED: Record<NatType, Expected> = {
  open: { ...PORT, udp: OPEN, tcp: OPEN },
  fullcone: { ...PORT, udp: ENDPOINT_INDEPENDENT, tcp: ENDPOINT_INDEPENDENT },
  addr: { ...PORT, udp: ADDRESS_DEPENDENT, tcp: ADDRESS_DEPENDENT },
  port: PORT,
  "port-rst": { ...PORT, tcp: PORT_DEPENDENT_RESET },
  "port-icmp": { ...PORT, tcp: PORT_DEPENDENT_ICMP },
  "port-bare": { ...PORT, tcp: PORT_DEPENDENT_RESET },
  "port-noprsv": { ...PORT, mapping: "independent" },
  "sym-seq": { ...PORT, mapping: { step: 1 } },
  "sym-seq2": { ...PORT, mapping: { step: 2 } },
  "sym-rand": { ...PORT, mapping: "drawn" },
  "sym-block": { ...PORT, mapping: "block" },
  "sym-addr": { ...PORT, mapping: "address" },
  firewall: PORT,
  cgnat: PORT,
  "cgnat-sym": { ...PORT, mapping: "drawn" },
  egress: PORT,
  lan: PORT,
  hairpin: PORT,
  lan2: PORT,
  dual: PORT,
  "v6-firewall": { ...PORT, mapping: "drawn" },
  "v6-firewall-rst": { ...PORT, mapping: "drawn" },
  "dual-broken": PORT,
  pool: PORT,
  "pool-pair": PORT,
  "pool-sym": { ...PORT, mapping: "pooled" },
  upnp: PORT,
  "upnp-igd": PORT,
  "upnp-natpmp": PORT,
  "upnp-pcp": PORT,
  "upnp-cgnat": PORT,
  "upnp-squat": PORT,
};

/** Where `publicAddress` is one of those that a peer has. */
const SEVERAL_ADDRESSES: readonly NatType[] = ["pool", "pool-sym"];

function assertMapping(mapping: Mapping, { independent, preserved, allocation }: Behaviour): void {
  const { ports, perAddress, step, spread } = allocation;
  const isPreserved = mapping === "preserving" || mapping === "pooled";
  assertEquals({ independent, preserved }, {
    independent: mapping === "preserving" || mapping === "independent",
    preserved: isPreserved,
  });
  const isOne = isPreserved || mapping === "independent";
  assertEquals(perAddress, isOne || mapping === "address", `${ports}`);
  if (isOne) assertEquals(spread, 0);
  else if (mapping === "address") assertEquals(new Set(ports).size, 2);
  else if (mapping === "block" || mapping === "drawn") {
    assertEquals(step, undefined, `${ports}`);
    assertEquals(spread < BLOCK, mapping === "block", `${ports}`);
  } else assertEquals(step, mapping.step, `${ports}`);
}

labTest("probeNat() finds in each NAT type what its name promises", async (t) => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 3 });
  const types = Object.keys(NAT_TYPES) as NatType[];
  const peers = await lab.peers(...types);
  const reports = await Promise.all(peers.map((peer) => probeNat(lab, peer)));
  for (const [n, type] of types.entries()) {
    for (const protocol of ["udp", "tcp"] as const) {
      await t.step(`${type} ${protocol}`, () => {
        const behaviour = reports[n]![protocol];
        const { unasked, contacted, sameAddress, stranger } = behaviour;
        assertEquals({ unasked, contacted, sameAddress, stranger }, EXPECTED[type][protocol]);
        assertMapping(EXPECTED[type].mapping, behaviour);
        if (!SEVERAL_ADDRESSES.includes(type)) {
          assertEquals(behaviour.external[0][0], peers[n]!.publicAddress);
        }
      });
    }
    if (EXPECTED[type].mapping !== "independent") continue;
    await t.step(`${type}: TCP unlike UDP`, () => {
      assertNotEquals(reports[n]!.tcp.external[0][1], reports[n]!.udp.external[0][1]);
    });
  }
});

labTest("The WAN finds its way to each NAT type again when it has forgotten it", async (t) => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const types = Object.keys(NAT_TYPES) as NatType[];
  const peers = await lab.peers(...types);
  await using outside = new Agent(lab.hosts[0]!);
  const { port } = await outside.call("udp", { port: 53 }); // whither every type lets out
  for (const [n, type] of types.entries()) {
    await t.step(type, async () => {
      await using inside = new Agent(peers[n]!);
      const { port: own } = await inside.call("udp", { port: 0 });
      await inside.call("send", { port: own, to: [lab.hosts[0]!.address, port], data: ["out"] });
      const { from } = await outside.call("receive", { port, timeoutMs: 2000 });
      // As after half a minute: nobody but the router itself tells the WAN where the router is.
      await runScript("forget", `ip -n ${lab.prefix}-wan neigh flush all nud all`);
      await outside.call("send", { port, to: from!, data: ["back"] });
      assertEquals((await inside.call("receive", { port: own, timeoutMs: 2000 })).data, "back");
    });
  }
});

labTest("A cgnat peer sits behind two routers, the outer of which translates 100.64/10", async () => {
  await using lab = await Lab.create({ hosts: 1 });
  const peer = await lab.peer("cgnat");
  assertEquals(peer.routers.length, 2);
  const inner = await peer.output("ip", ["netns", "exec", peer.routers[1]!, "ip", "-4", "-brief", "address"]);
  assertEquals(/^wan\S* +UP +100\.64\./m.test(inner.stdout), true, inner.stdout);
});
