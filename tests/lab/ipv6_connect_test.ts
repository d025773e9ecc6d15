import { assertEquals, assertNotEquals } from "@std/assert";
import { converse, type Session, startServing, startSession } from "../session.ts";
import { type LabDht, startDht } from "./dht.ts";
import { ageIpv6 } from "./interfaces.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost, type NatType } from "./mod.ts";

interface World {
  readonly lab: Lab;
  readonly dht: LabDht;
}

/** In a lab and a DHT of its own, which speaks IPv4 alone: a node on each of eight hosts. */
function dualTest(name: string, fn: (world: World, t: Deno.TestContext) => Promise<void>): void {
  labTest(name, async (t) => {
    await using lab = await Lab.create({ rttMs: 50 });
    await using dht = await startDht(lab, { nodes: 8 });
    await fn({ lab, dht }, t);
  });
}

/** Connects, has both sides talk, and gives what kind of path it was. */
async function connect(
  { dht: { bootstrap } }: World,
  [serving, connecting]: readonly [LabHost, LabHost],
): Promise<{ kind: string; remote: string; attempts: number }> {
  await using server = await startServing({ bootstrap, serving });
  await using session = await startSession(server, { bootstrap, connecting });
  assertEquals(await converse(server, session.client, [`hello from ${session.client.pid}`]), []);
  const { kind, attempts } = session.timing;
  return { kind, attempts, remote: remoteAddress(session) };
}

function remoteAddress({ client }: Session): string {
  const { remote } = client.events.findLast((e) => e.type === "path")!;
  return remote.slice(0, remote.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

const FIREWALLS: readonly (readonly [NatType, NatType])[] = [
  ["v6-firewall", "v6-firewall"],
  ["v6-firewall-rst", "v6-firewall-rst"],
  ["v6-firewall", "v6-firewall-rst"],
  ["v6-firewall-rst", "v6-firewall"],
];

dualTest("Peers connect over IPv6, through the stateful firewalls of both", async (world, t) => {
  for (const [a, b] of FIREWALLS) {
    await t.step(`${a} – ${b}`, async () => {
      const pair = await world.lab.pair(a, b);
      assertEquals(await connect(world, pair), { kind: "ipv6", remote: pair[0].ipv6, attempts: 1 });
    });
  }
});

dualTest("Peers with IPv4 and IPv6 that work both connect in the first attempt", async (world) => {
  const [a, b, symmetric] = await world.lab.peers("dual", "dual", "v6-firewall") as [
    LabHost,
    LabHost,
    LabHost,
  ];
  assertEquals((await connect(world, [a, b])).attempts, 1);
  assertEquals((await connect(world, [a, symmetric])).attempts, 1);
});

const BROKEN: readonly (readonly [NatType, NatType])[] = [
  ["dual-broken", "dual-broken"],
  ["dual-broken", "dual"],
  ["dual", "dual-broken"],
  ["dual-broken", "port"],
  ["port", "dual-broken"],
];

dualTest("Peers whose IPv6 is broken connect over IPv4 in the first attempt", async (world, t) => {
  for (const [a, b] of BROKEN) {
    await t.step(`${a} – ${b}`, async () => {
      const pair = await world.lab.pair(a, b);
      const remote = pair[0].publicAddress;
      assertEquals(await connect(world, pair), { kind: "reflexive", remote, attempts: 1 });
    });
  }
});

dualTest("Broken IPv6 keeps nobody from getting through a NAT that draws its ports", async (world, t) => {
  for (const [a, b] of [["v6-firewall", "dual-broken"], ["dual-broken", "v6-firewall"]] as const) {
    await t.step(`${a} – ${b}`, async () => {
      const pair = await world.lab.pair(a, b);
      const { kind, remote } = await connect(world, pair);
      assertEquals([kind, remote], ["reflexive", pair[0].publicAddress]);
    });
  }
});

/** The address from which a machine dials. */
async function sourceAddress(peer: LabHost): Promise<string> {
  const { stdout } = await peer.output("ip", ["-6", "route", "get", "3fff:1::1"]);
  return /src (\S+)/.exec(stdout)![1]!;
}

dualTest(
  "Peers connect over IPv6 that dial from temporary addresses, among many deprecated ones",
  async (world) => {
    const pair = await world.lab.pair("v6-firewall", "v6-firewall");
    await Promise.all(pair.map(ageIpv6));
    const sources = await Promise.all(pair.map(sourceAddress));
    for (const [i, { ipv6 }] of pair.entries()) assertNotEquals(sources[i], ipv6);
    // The holes in both firewalls are for these two.
    assertEquals(await connect(world, pair), { kind: "ipv6", remote: sources[0], attempts: 1 });
  },
);
