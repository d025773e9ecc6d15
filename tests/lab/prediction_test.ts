import { assertEquals } from "@std/assert";
import { Agent } from "./agent.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type NatType } from "./mod.ts";

/** The external port that a new TCP flow of `agent` gets. */
async function observe(agent: Agent, observer: Agent, address: string): Promise<number> {
  const { port } = await observer.call("listen", { port: 0 });
  await agent.call("dial", { port: 0, to: [address, port], timeoutMs: 5000, insist: false });
  return (await observer.call("accept", { port, timeoutMs: 5000 })).from![1];
}

/** What comes of a simultaneous open with a port-restricted peer that dials `guess` of the port last observed. */
async function openWith(type: NatType, guess: (observed: number) => number): Promise<string> {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const [predictable, restricted] = await lab.pair(type, "port");
  await using observer = new Agent(lab.hosts[0]!);
  await using a = new Agent(predictable);
  await using b = new Agent(restricted);
  const external = guess(await observe(a, observer, lab.hosts[0]!.address));
  const { port } = await b.call("udp", { port: 0 }); // a number that is not in use
  const [timeoutMs, insist] = [2000, false];
  const [{ outcome }] = await Promise.all([
    b.call("dial", { port, to: [predictable.publicAddress, external], timeoutMs, insist }),
    a.call("dial", { port: 0, to: [restricted.publicAddress, port], timeoutMs, insist }),
  ]);
  return outcome;
}

labTest(
  "A NAT that allots ports in sequence lets in whoever dials the next one, and nobody else",
  async () => {
    assertEquals(await openWith("sym-seq", (port) => port + 1), "in");
    assertEquals(await openWith("sym-seq2", (port) => port + 2), "in");
    assertEquals(await openWith("sym-seq", (port) => port), "silence");
    assertEquals(await openWith("sym-seq", (port) => port + 2), "silence");
  },
);
