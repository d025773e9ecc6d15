import { assertEquals, assertNotEquals } from "@std/assert";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost, NAT_TYPES, type NatType } from "./mod.ts";
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
  pool: PORT,
  "pool-pair": PORT,
  "pool-sym": { ...PORT, mapping: "pooled" },
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

labTest(
  "Two hairpin peers reach each other through their router's public address, and come from it",
  async () => {
    await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
    const [a, b] = await lab.pair("hairpin", "hairpin");
    assertEquals(a.routers, b.routers);
    await using from = new Agent(a);
    await using to = new Agent(b);
    await using outside = new Agent(lab.hosts[0]!);
    const { port } = await to.call("listen", { port: 0 });
    const dial = async () =>
      (await from.call("dial", { port: 0, to: [b.publicAddress, port], timeoutMs: 2000, insist: false }))
        .outcome;
    assertEquals(await dial(), "reset", "nothing was sent from the port yet, so it has no external endpoint");
    const { port: at } = await outside.call("listen", { port: 0 });
    await to.call("dial", { port, to: [lab.hosts[0]!.address, at], timeoutMs: 2000, insist: false });
    assertEquals(await dial(), "in");
    const { from: seen } = await to.call("accept", { port, timeoutMs: 2000 });
    assertEquals(seen![0], a.publicAddress);
  },
);

labTest("Two hairpin peers open simultaneously through their router's public address", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const [a, b] = await lab.pair("hairpin", "hairpin");
  await using outside = new Agent(lab.hosts[0]!);
  await using stack = new AsyncDisposableStack();
  const { port: at } = await outside.call("listen", { port: 0 });
  const ends = await Promise.all([a, b].map(async (peer) => {
    const agent = stack.use(new Agent(peer));
    const { port } = await agent.call("udp", { port: 0 }); // a number that is not in use
    await agent.call("dial", { port, to: [lab.hosts[0]!.address, at], timeoutMs: 2000, insist: false });
    return { agent, port };
  }));
  const outcomes = await Promise.all(ends.map(async ({ agent, port }, i) => {
    const to = [a.publicAddress, ends[1 - i]!.port] as const;
    return (await agent.call("dial", { port, to, timeoutMs: 5000, insist: true })).outcome;
  }));
  assertEquals(outcomes, ["in", "in"]);
});

labTest("An egress peer gets out to web ports and UDP port 53 only", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const { address } = lab.hosts[0]!;
  await using outside = new Agent(lab.hosts[0]!);
  await using inside = new Agent(await lab.peer("egress"));
  const dial = async (wanted: number) => {
    const { port } = await outside.call("listen", { port: wanted });
    return (await inside.call("dial", { port: 0, to: [address, port], timeoutMs: 500, insist: false }))
      .outcome;
  };
  assertEquals(await Promise.all([80, 443, 0].map(dial)), ["in", "in", "silence"]);
  const { port: own } = await inside.call("udp", { port: 0 });
  const elsewhere = await Promise.all([80, 443, 0].map((port) => outside.call("udp", { port })));
  const { port: names } = await outside.call("udp", { port: 53 });
  for (const { port } of [...elsewhere, { port: names }]) {
    await inside.call("send", { port: own, to: [address, port], data: ["out"] });
  }
  assertEquals((await outside.call("receive", { port: names, timeoutMs: 2000 })).data, "out");
  // The WAN keeps the order, so the others would have been here before.
  for (const { port } of elsewhere) {
    assertEquals((await outside.call("receive", { port, timeoutMs: 1 })).data, undefined);
  }
});

/** How many TCP segments a machine has sent again. */
async function sentAgain(host: LabHost): Promise<number> {
  const { stdout } = await host.output("cat", ["/proc/net/snmp"]);
  const [names, values] = stdout.split("\n").filter((line) => line.startsWith("Tcp:"));
  return Number(values!.split(" ")[names!.split(" ").indexOf("RetransSegs")]);
}

labTest("A SYN that is sent again keeps the port that a sym-seq router gave it", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const peer = await lab.peer("sym-seq");
  await using outside = new Agent(lab.hosts[0]!);
  await using inside = new Agent(peer);
  const { port } = await outside.call("listen", { port: 0 });
  const dial = () =>
    inside.call("dial", { port: 0, to: [lab.hosts[0]!.address, port], timeoutMs: 9000, insist: false });
  const accepted = async () => (await outside.call("accept", { port, timeoutMs: 9000 })).from![1];
  await dial();
  const before = await accepted();
  await lab.reshape({ loss: 1 });
  const dialling = dial();
  while (await sentAgain(peer) === 0);
  await lab.reshape({ loss: 0 });
  assertEquals((await dialling).outcome, "in");
  assertEquals(await accepted(), before + 1);
  await dial();
  assertEquals(await accepted(), before + 2);
});

labTest("A port-noprsv router gives flows that begin at the same moment one external port", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 2 });
  const peer = await lab.peer("port-noprsv");
  await using inside = new Agent(peer);
  await using outside = new Agent(lab.hosts[0]!);
  const { port: own } = await inside.call("udp", { port: 0 });
  const targets = await Promise.all(Array.from({ length: 32 }, () => outside.call("udp", { port: 0 })));
  await Promise.all(
    targets.map(({ port }) =>
      inside.call("send", { port: own, to: [lab.hosts[0]!.address, port], data: ["at once"] })
    ),
  );
  const seen = await Promise.all(
    targets.map(async ({ port }) => (await outside.call("receive", { port, timeoutMs: 2000 })).from![1]),
  );
  assertEquals(new Set(seen).size, 1, `${seen}`);
});

labTest("A pool router has two addresses, a pool-pair router one for each of its machines", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const host = lab.hosts[0]!;
  await using outside = new Agent(host);
  const { port } = await outside.call("udp", { port: 0 });
  const addresses = async (peer: LabHost) => {
    await using inside = new Agent(peer);
    const seen = new Set<string>();
    for (let n = 0; n < 32; n++) {
      const { port: own } = await inside.call("udp", { port: 0 });
      await inside.call("send", { port: own, to: [host.address, port], data: ["hello"] });
      seen.add((await outside.call("receive", { port, timeoutMs: 2000 })).from![0]);
    }
    return seen;
  };
  const [a, b, alone] = await lab.peers("pool-pair", "pool-pair", "pool") as [LabHost, LabHost, LabHost];
  assertEquals(a.routers, b.routers);
  assertNotEquals(a.publicAddress, b.publicAddress);
  assertEquals(await addresses(a), new Set([a.publicAddress]));
  assertEquals(await addresses(b), new Set([b.publicAddress]));
  const both = await addresses(alone);
  assertEquals(both.size, 2);
  assertEquals(both.has(alone.publicAddress), true);
});
