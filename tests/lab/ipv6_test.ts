import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { addressFamily, addressScope } from "../../lib/endpoint.ts";
import { type Address, Agent } from "./agent.ts";
import { addVirtualInterfaces, DOCKER_ADDRESS, VPN_ADDRESS } from "./interfaces.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost, type NatType } from "./mod.ts";

const PATIENCE_MS = 1500;

async function dial(from: Agent, to: Address): Promise<string> {
  return (await from.call("dial", { port: 0, to, timeoutMs: PATIENCE_MS, insist: false })).outcome;
}

/** What a peer's IPv6 firewall does: to unasked SYNs, to what the peer asked for, and to simultaneous opens. */
async function probe({ hosts: [host, other] }: Lab, peer: LabHost) {
  await using inside = new Agent(peer);
  await using outside = new Agent(host!);
  await using stranger = new Agent(other!);
  const { port } = await inside.call("listen", { port: 0, ipv6: true });
  const { port: at } = await outside.call("listen", { port: 0, ipv6: true });
  const unasked = await dial(stranger, [peer.ipv6!, port]);
  const [out, { from }] = await Promise.all([
    inside.call("dial", { port, to: [host!.ipv6!, at], timeoutMs: PATIENCE_MS, insist: false }),
    outside.call("accept", { port: at, timeoutMs: PATIENCE_MS }),
  ]);
  const { port: fresh } = await outside.call("udp", { port: 0 }); // a number that is not in use
  const [, open] = await Promise.all([
    inside.call("dial", { port, to: [host!.ipv6!, fresh], timeoutMs: 5000, insist: true }),
    outside.call("dial", { port: fresh, to: [peer.ipv6!, port], timeoutMs: 5000, insist: true }),
  ]);
  return {
    unasked,
    out: out.outcome,
    seen: from?.slice(0, 2) ?? null,
    simultaneous: open.outcome,
    stranger: await dial(stranger, [peer.ipv6!, port]),
    own: [peer.ipv6!, port],
  };
}

for (
  const [type, refusal] of [["dual", "silence"], ["v6-firewall", "silence"], [
    "v6-firewall-rst",
    "reset",
  ]] as const
) {
  labTest(`A peer of type ${type} has IPv6; its firewall lets in whom it has contacted`, async () => {
    await using lab = await Lab.create({ rttMs: 20, hosts: 2 });
    const { own, ...found } = await probe(lab, await lab.peer(type));
    assertEquals(found, { unasked: refusal, out: "in", seen: own, simultaneous: "in", stranger: refusal });
  });
}

labTest("A dual-broken peer has an IPv6 address, and no packet gets anywhere from it, or to it", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const peer = await lab.peer("dual-broken");
  assertEquals(addressScope(peer.ipv6!), "global");
  await using inside = new Agent(peer);
  await using outside = new Agent(lab.hosts[0]!);
  const { port: at } = await outside.call("listen", { port: 0, ipv6: true });
  const { port } = await inside.call("listen", { port: 0, ipv6: true });
  assertEquals(await dial(inside, [lab.hosts[0]!.ipv6!, at]), "silence");
  assertEquals(await dial(outside, [peer.ipv6!, port]), "silence");
});

labTest("The WAN delays IPv6 as it delays IPv4", async () => {
  await using lab = await Lab.create({ rttMs: 80, hosts: 2 });
  const [a, b] = lab.hosts as [LabHost, LabHost];
  await using from = new Agent(a);
  await using to = new Agent(b);
  const { port } = await to.call("listen", { port: 0, ipv6: true });
  const { ms } = await from.call("connectTimes", { to: [b.ipv6!, port], count: 3 });
  assert(ms.every((one) => one >= 80), `${ms}`);
});

labTest("Public hosts have IPv6 addresses in distinct /32s; peers of plain types have none", async () => {
  await using lab = await Lab.create({ hosts: 3 });
  assertEquals(new Set(lab.hosts.map(({ ipv6 }) => ipv6!.split("::")[0])).size, 3);
  for (const peer of await lab.peers("open", "port", "firewall")) {
    assertEquals(peer.ipv6, undefined);
    const { stdout } = await peer.output("ip", ["-6", "-brief", "address", "show", "dev", "eth0"]);
    assertEquals(stdout, "");
  }
});

labTest("Two lan2 peers are in different subnets, and reach each other inside alone", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const [a, b] = await lab.pair("lan2", "lan2");
  assertEquals(a.routers, b.routers);
  assertNotEquals(subnet(a.address), subnet(b.address));
  await using from = new Agent(a);
  await using to = new Agent(b);
  const { port } = await to.call("listen", { port: 0 });
  assertEquals(await dial(from, [b.address, port]), "in");
  assertEquals((await to.call("accept", { port, timeoutMs: PATIENCE_MS })).from![0], a.address);
  assertEquals(await dial(from, [b.publicAddress, port]), "reset");
});

function subnet(address: string): string {
  return address.slice(0, address.lastIndexOf("."));
}

labTest("addVirtualInterfaces() gives all machines the same addresses, one of which swallows", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const types: NatType[] = ["port", "cgnat"];
  for (const peer of await lab.peers(...types)) {
    await addVirtualInterfaces(peer);
    const { stdout } = await peer.output("ip", ["-4", "-brief", "address"]);
    for (const address of [DOCKER_ADDRESS, VPN_ADDRESS]) {
      assertEquals(addressFamily(address), 4);
      assert(stdout.includes(` ${address}/`), stdout);
    }
    await using agent = new Agent(peer);
    assertEquals(await dial(agent, [DOCKER_ADDRESS, 9]), "reset");
    assertEquals(await dial(agent, ["10.8.0.3", 9]), "silence");
  }
});
