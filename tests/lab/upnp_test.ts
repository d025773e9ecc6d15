import { assertEquals, assertRejects } from "@std/assert";
import { Agent } from "./agent.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost, type NatType } from "./mod.ts";
import { MAPPING_ROUTERS, rebootRouter } from "./upnp.ts";

const PROTOCOLS = ["igd", "natPmp", "pcp"] as const;

type Protocol = typeof PROTOCOLS[number];

/**
 * What a plain client of a protocol gets from the router for a port: the external endpoint, `refused`, `silence`, or
 * `closed` where nobody listens for that.
 */
async function ask(peer: LabHost, protocol: Protocol, port: number): Promise<string> {
  if (protocol === "igd") return await askIgd(peer, port);
  const script = `${import.meta.dirname}/testdata/ask_for_port.py`;
  const { stdout, stderr } = await peer.output("python3", [script, protocol, peer.address, `${port}`]);
  assertEquals(stderr, "");
  return stdout.trim();
}

async function askIgd(peer: LabHost, port: number): Promise<string> {
  const args = ["-a", peer.address, `${port}`, `${port}`, "TCP"];
  const { stdout, stderr } = await peer.output("upnpc", args);
  const mapped = /^external (\S+) TCP is redirected/m.exec(stdout);
  if (mapped) return mapped[1]!;
  return /not connected/.test(stdout) ? "refused" : /No IGD/.test(stderr) ? "silence" : stdout + stderr;
}

/** What a stranger's SYN to the peer's public address gets. */
async function stranger(lab: Lab, peer: LabHost, port: number): Promise<string> {
  await using outside = new Agent(lab.hosts[0]!);
  const to = [peer.publicAddress, port] as const;
  return (await outside.call("dial", { port: 0, to, timeoutMs: 1000, insist: false })).outcome;
}

/** `mapped` is an endpoint with the peer's public address, `in vain` one with another. */
const EXPECTED: Readonly<Record<string, Record<Protocol, string>>> = {
  upnp: { igd: "mapped", natPmp: "mapped", pcp: "mapped" },
  "upnp-igd": { igd: "mapped", natPmp: "closed", pcp: "closed" },
  "upnp-natpmp": { igd: "silence", natPmp: "mapped", pcp: "silence" },
  "upnp-pcp": { igd: "silence", natPmp: "silence", pcp: "mapped" },
  "upnp-cgnat": { igd: "refused", natPmp: "refused", pcp: "refused" },
  "upnp-squat": { igd: "in vain", natPmp: "in vain", pcp: "in vain" },
};

function verdict(answer: string, { publicAddress }: LabHost, port: number): string {
  if (answer === `${publicAddress}:${port}`) return "mapped";
  return /^7\.64\.\d+\.2:/.test(answer) && answer.endsWith(`:${port}`) ? "in vain" : answer;
}

/** Which protocol gets what, and what a stranger's SYN gets before and after. */
async function probe(lab: Lab, peer: LabHost): Promise<Record<string, readonly string[]>> {
  await using listening = new Agent(peer);
  const found: Record<string, readonly string[]> = {};
  for (const protocol of PROTOCOLS) {
    const { port } = await listening.call("listen", { port: 0 });
    const before = await stranger(lab, peer, port);
    const answer = verdict(await ask(peer, protocol, port), peer, port);
    found[protocol] = [before, answer, await stranger(lab, peer, port)];
  }
  return found;
}

labTest("Routers map ports by the protocols that they know, and let strangers in there", async (t) => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const types = Object.keys(MAPPING_ROUTERS) as NatType[];
  const peers = await lab.peers(...types);
  const found = await Promise.all(peers.map((peer) => probe(lab, peer)));
  for (const [n, type] of types.entries()) {
    await t.step(type, () => {
      const expected = Object.entries(EXPECTED[type]!).map(([protocol, answer]) =>
        [protocol, ["silence", answer, answer === "mapped" ? "in" : "silence"]] as const
      );
      assertEquals(found[n], Object.fromEntries(expected));
    });
  }
});

labTest("A rebooted router has forgotten its mappings, and maps again", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const peer = await lab.peer("upnp");
  await using listening = new Agent(peer);
  const { port } = await listening.call("listen", { port: 0 });
  assertEquals(verdict(await ask(peer, "pcp", port), peer, port), "mapped");
  assertEquals(await stranger(lab, peer, port), "in");
  await rebootRouter(peer);
  assertEquals(await stranger(lab, peer, port), "silence");
  assertEquals(verdict(await ask(peer, "natPmp", port), peer, port), "mapped");
  assertEquals(await stranger(lab, peer, port), "in");
});

labTest("rebootRouter() throws RangeError for a router that maps no ports", async () => {
  await using lab = await Lab.create({ hosts: 1 });
  const peer = await lab.peer("port");
  await assertRejects(() => rebootRouter(peer), RangeError, '"port" maps no ports');
});

labTest("Lab.close() ends the routers' daemons", async () => {
  await using lab = await Lab.create({ hosts: 1 });
  const peer = await lab.peer("upnp");
  await rebootRouter(peer);
  const { stdout } = await peer.output("ip", ["netns", "pids", peer.routers[0]!]);
  const [pid, ...others] = stdout.trim().split("\n");
  assertEquals(others, [], "the first one ended with the reboot");
  // Empty when it has ended, also before anybody has taken note of that.
  const command = () => Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
  assertEquals((await command()).split("\0")[0], "miniupnpd");
  await lab.close();
  assertEquals(await command(), "");
});
