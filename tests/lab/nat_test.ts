import { assertEquals } from "@std/assert";
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

const EXPECTED: Record<NatType, { udp: Filtering; tcp: Filtering }> = {
  open: { udp: OPEN, tcp: OPEN },
  fullcone: { udp: ENDPOINT_INDEPENDENT, tcp: ENDPOINT_INDEPENDENT },
  addr: { udp: ADDRESS_DEPENDENT, tcp: ADDRESS_DEPENDENT },
  port: { udp: PORT_DEPENDENT, tcp: PORT_DEPENDENT },
  "port-rst": { udp: PORT_DEPENDENT, tcp: PORT_DEPENDENT_RESET },
  firewall: { udp: PORT_DEPENDENT, tcp: PORT_DEPENDENT },
  cgnat: { udp: PORT_DEPENDENT, tcp: PORT_DEPENDENT },
  lan: { udp: PORT_DEPENDENT, tcp: PORT_DEPENDENT },
};

labTest("probeNat() finds in each NAT type what its name promises", async (t) => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 3 });
  const types = Object.keys(NAT_TYPES) as NatType[];
  const peers = await lab.peers(...types);
  const reports = await Promise.all(peers.map((peer) => probeNat(lab, peer)));
  for (const [n, type] of types.entries()) {
    for (const protocol of ["udp", "tcp"] as const) {
      await t.step(`${type} ${protocol}`, () => {
        const { external, ...behaviour } = reports[n]![protocol];
        assertEquals(behaviour, { independent: true, preserved: true, ...EXPECTED[type][protocol] });
        assertEquals(external[0][0], peers[n]!.publicAddress);
      });
    }
  }
});

labTest("The WAN finds its way to each NAT type again when it has forgotten it", async (t) => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const types = Object.keys(NAT_TYPES) as NatType[];
  const peers = await lab.peers(...types);
  await using outside = new Agent(lab.hosts[0]!);
  const { port } = await outside.call("udp", { port: 0 });
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

labTest(
  "Two lan peers reach each other in the LAN, and not through their router's public address",
  async () => {
    await using lab = await Lab.create({ rttMs: 20, hosts: 3 });
    const [a, b] = await lab.pair("lan", "lan");
    assertEquals(a.routers, b.routers);
    assertEquals(a.publicAddress, b.publicAddress);
    await using from = new Agent(a);
    await using to = new Agent(b);
    const { port } = await to.call("listen", { port: 0 });
    const dial = async (address: string) =>
      (await from.call("dial", { port: 0, to: [address, port], timeoutMs: 2000, insist: false })).outcome;
    assertEquals(await dial(b.address), "in");
    assertEquals(await dial(b.publicAddress), "reset");
  },
);
