import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Agent } from "./agent.ts";
import type { LabHost } from "./host.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab } from "./mod.ts";

async function medianConnectMs(from: LabHost, to: LabHost): Promise<number> {
  await using client = new Agent(from);
  await using server = new Agent(to);
  const { port } = await server.call("listen", { port: 0 });
  const { ms } = await client.call("connectTimes", { to: [to.address, port], count: 15 });
  return ms.toSorted((a, b) => a - b)[7]!;
}

/** Which of `count` datagrams from the first to the second host arrive, in order of arrival. */
async function survivors(lab: Lab, count: number): Promise<number[]> {
  await using from = new Agent(lab.hosts[0]!);
  await using to = new Agent(lab.hosts[1]!);
  const { port } = await from.call("udp", { port: 0 });
  const { port: target } = await to.call("udp", { port: 0 });
  const destination = [lab.hosts[1]!.address, target] as const;
  const { loss } = lab.shape;
  await from.call("send", { port, to: destination, data: Array.from({ length: count }, (_, n) => `${n}`) });
  await lab.reshape({ loss: 0 });
  await from.call("send", { port, to: destination, data: ["end"] });
  await lab.reshape({ loss });
  const got: string[] = [];
  while (got.at(-1) !== "end") {
    const { data } = await to.call("receive", { port: target, timeoutMs: 10_000 });
    if (data === undefined) throw new Error(`The last datagram is missing, after ${got.length}`);
    got.push(data);
  }
  return got.slice(0, -1).map(Number);
}

async function assertPourArrives(lab: Lab, from: LabHost, to: LabHost, bytes: number): Promise<void> {
  await using source = new Agent(from);
  await using sink = new Agent(to);
  const { port } = await sink.call("listen", { port: 0 });
  const [poured, drained] = await Promise.all([
    source.call("pour", { to: [to.address, port], bytes }),
    sink.call("drain", { port }),
  ]);
  assertEquals(drained.digest, poured.digest, `with a loss of ${lab.shape.loss}`);
}

labTest("The round trip between any two public sides takes rttMs", async () => {
  await using lab = await Lab.create({ rttMs: 50, hosts: 2 });
  const [peer, open] = await lab.pair("cgnat", "open");
  const medians = await Promise.all([
    medianConnectMs(lab.hosts[0]!, lab.hosts[1]!),
    medianConnectMs(peer, lab.hosts[0]!),
    medianConnectMs(peer, open),
  ]);
  for (const median of medians) assert(median >= 50 && median < 75, `${medians}`);
});

labTest("A LAN has no delay", async () => {
  await using lab = await Lab.create({ rttMs: 200, hosts: 1 });
  const [a, b] = await lab.pair("lan", "lan");
  const median = await medianConnectMs(a, b);
  assert(median < 20, `${median}`);
});

labTest("Lab.reshape() changes the delay for packets to come", async () => {
  await using lab = await Lab.create({ rttMs: 0, hosts: 2 });
  const before = await medianConnectMs(lab.hosts[0]!, lab.hosts[1]!);
  await lab.reshape({ rttMs: 100 });
  const after = await medianConnectMs(lab.hosts[0]!, lab.hosts[1]!);
  assert(before < 25 && after >= 100, `${before}, ${after}`);
});

labTest("Lab.reshape() with a loss of 1 cuts every cable", async () => {
  await using lab = await Lab.create({ rttMs: 10, hosts: 2 });
  await using from = new Agent(lab.hosts[0]!);
  await using to = new Agent(lab.hosts[1]!);
  const { port } = await to.call("listen", { port: 0 });
  const dial = () =>
    from.call("dial", {
      port: 0,
      to: [lab.hosts[1]!.address, port],
      timeoutMs: 500,
      insist: false,
    });
  assertEquals((await dial()).outcome, "in");
  await lab.reshape({ loss: 1 });
  assertEquals((await dial()).outcome, "silence");
});

labTest("The WAN loses the asked part of the packets, and keeps the order of the others", async () => {
  await using lab = await Lab.create({ rttMs: 10, loss: 0.3, hosts: 2 });
  const arrived = await survivors(lab, 200);
  assert(arrived.length > 100 && arrived.length < 180, `${arrived.length} of 200`);
  assertEquals(arrived, arrived.toSorted((a, b) => a - b));
});

labTest("The WAN brings the asked part of the packets late, and loses none of them", async () => {
  await using lab = await Lab.create({ rttMs: 10, reorder: 0.2, hosts: 2 });
  await using from = new Agent(lab.hosts[0]!);
  await using to = new Agent(lab.hosts[1]!);
  const { port } = await from.call("udp", { port: 0 });
  const { port: target } = await to.call("udp", { port: 0 });
  const data = Array.from({ length: 200 }, (_, n) => `${n}`);
  await from.call("send", { port, to: [lab.hosts[1]!.address, target], data });
  const arrived: (string | undefined)[] = [];
  while (arrived.length < data.length) {
    arrived.push((await to.call("receive", { port: target, timeoutMs: 10_000 })).data);
  }
  assertEquals(new Set(arrived), new Set(data));
  assertNotEquals(arrived, data);
});

labTest("The WAN loses the same packets for the same seed", async () => {
  await using one = await Lab.create({ rttMs: 10, loss: 0.3, hosts: 2, seed: "a" });
  await using same = await Lab.create({ rttMs: 10, loss: 0.3, hosts: 2, seed: "a" });
  await using other = await Lab.create({ rttMs: 10, loss: 0.3, hosts: 2, seed: "b" });
  const [first, second, third] = await Promise.all([one, same, other].map((lab) => survivors(lab, 100)));
  assertEquals(first, second);
  assertNotEquals(first, third);
});

labTest("Megabytes arrive intact through NATs, with and without loss", async () => {
  await using lab = await Lab.create({ rttMs: 10, hosts: 1 });
  const [inner, outer] = await lab.pair("cgnat", "open");
  await assertPourArrives(lab, inner, outer, 16_000_000);
  await lab.reshape({ loss: 0.001 });
  await assertPourArrives(lab, inner, outer, 4_000_000);
});
