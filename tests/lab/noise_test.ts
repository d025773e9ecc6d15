import { assert, assertEquals, assertRejects } from "@std/assert";
import { Agent } from "./agent.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab } from "./mod.ts";
import { startNoise } from "./noise.ts";

labTest("startNoise() takes ports of a NAT that allots them in sequence", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const peer = await lab.peer("sym-seq");
  await using outside = new Agent(lab.hosts[0]!);
  await using inside = new Agent(peer);
  const { port } = await outside.call("udp", { port: 443 });
  const ownPort = async () => {
    const { port: at } = await outside.call("udp", { port: 0 });
    const { port: own } = await inside.call("udp", { port: 0 });
    await inside.call("send", { port: own, to: [lab.hosts[0]!.address, at], data: ["own"] });
    return (await outside.call("receive", { port: at, timeoutMs: 5000 })).from![1];
  };
  const before = await ownPort();
  await using _noise = await startNoise(lab, peer, 100);
  const ports: number[] = [];
  while (ports.length < 10) {
    const { from } = await outside.call("receive", { port, timeoutMs: 5000 });
    assertEquals(from![0], peer.publicAddress);
    ports.push(from![1]);
  }
  assertEquals(ports, ports.map((_, n) => before + 1 + n));
  assert(await ownPort() > ports.at(-1)!);
});

labTest("startNoise() refuses where nobody else can be", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  for (const type of ["open", "firewall"] as const) {
    await assertRejects(async () => startNoise(lab, await lab.peer(type), 1), RangeError, type);
  }
});
