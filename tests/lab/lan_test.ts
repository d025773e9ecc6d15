/**
 * Peers that are near each other, or not behind a NAT at all: the path is the direct one, found in the first attempt, and
 * what cannot be a path is not dialled.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { converse, type Session, startServing, startSession } from "../session.ts";
import { type LabDht, startDht } from "./dht.ts";
import { addVirtualInterfaces, VPN_ADDRESS } from "./interfaces.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost } from "./mod.ts";

interface World {
  readonly lab: Lab;
  readonly dht: LabDht;
}

/** What must come of a connection. */
interface Expected {
  readonly kind: "host" | "reflexive";
  /** The address under which the peer is reached. */
  readonly at: string;
  /** Another one that is as good: a few milliseconds decide. @default none */
  readonly orAt?: string;
  /** All addresses that are dialled. @default {[at]} */
  readonly dialled?: readonly string[];
}

/** In a lab and a DHT of its own: a node on each of eight hosts. */
function nearTest(name: string, fn: (world: World) => Promise<void>): void {
  labTest(name, async () => {
    await using lab = await Lab.create({ rttMs: 50 });
    await using dht = await startDht(lab, { nodes: 8 });
    await fn({ lab, dht });
  });
}

async function assertConnects(
  { dht: { bootstrap } }: World,
  [serving, connecting]: readonly [LabHost, LabHost],
  { kind, at, orAt, dialled = [at] }: Expected,
): Promise<void> {
  await using server = await startServing({ bootstrap, serving });
  await using session = await startSession(server, { bootstrap, connecting });
  const { client, timing } = session;
  assertEquals(await converse(server, client, [`hello from ${client.pid}`]), []);
  assertEquals(timing.attempts, 1);
  const reached = addressOf(lastOf(session, "path").remote);
  assertEquals([timing.kind, reached], [kind, reached === orAt ? orAt : at]);
  const named: string[] = lastOf(session, "candidates").remote;
  assertEquals(new Set(named.map(addressOf)), new Set(dialled));
}

function lastOf({ client }: Session, type: string) {
  return client.events.findLast((e) => e.type === type)!;
}

function addressOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":"));
}

function bothOf({ address, publicAddress }: LabHost): readonly string[] {
  return [address, publicAddress];
}

nearTest("Two machines in one LAN, behind a router that cannot hairpin", async (world) => {
  const pair = await world.lab.pair("lan", "lan");
  await assertConnects(world, pair, { kind: "host", at: pair[0].address, dialled: bothOf(pair[0]) });
});

nearTest("Two machines in two subnets behind one router", async (world) => {
  const pair = await world.lab.pair("lan2", "lan2");
  await assertConnects(world, pair, { kind: "host", at: pair[0].address, dialled: bothOf(pair[0]) });
});

nearTest("Two processes on one machine, behind a NAT and in public", async (world) => {
  for (const machine of await world.lab.peers("port", "open")) {
    const dialled = new Set(bothOf(machine));
    await assertConnects(world, [machine, machine], {
      kind: "host",
      at: machine.address,
      dialled: [...dialled],
    });
  }
});

nearTest("One side in public, whichever it is, and both", async (world) => {
  const [open, other, port] = await world.lab.peers("open", "open", "port") as [LabHost, LabHost, LabHost];
  await assertConnects(world, [open, port], { kind: "host", at: open.address });
  await assertConnects(world, [open, other], { kind: "host", at: open.address });
  await assertConnects(world, [port, open], { kind: "reflexive", at: port.publicAddress });
});

nearTest("Both sides have Docker's bridge and a VPN with the same addresses", async (world) => {
  const [a, b, near, neighbour] = await world.lab.peers("port", "port", "lan", "lan") as [
    LabHost,
    LabHost,
    LabHost,
    LabHost,
  ];
  await Promise.all([a, b, near, neighbour].map(addVirtualInterfaces));
  await assertConnects(world, [a, b], { kind: "reflexive", at: a.publicAddress });
  await assertConnects(world, [near, neighbour], {
    kind: "host",
    at: near.address,
    dialled: bothOf(near),
  });
});

nearTest("Two processes on one machine that has Docker's bridge and a VPN", async (world) => {
  const machine = await world.lab.peer("port");
  await addVirtualInterfaces(machine);
  const { address: at, publicAddress } = machine;
  await assertConnects(world, [machine, machine], {
    kind: "host",
    at,
    orAt: VPN_ADDRESS,
    dialled: [at, VPN_ADDRESS, publicAddress],
  });
});
