import { assertEquals, assertNotEquals } from "@std/assert";
import { Agent } from "./agent.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost } from "./mod.ts";

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
