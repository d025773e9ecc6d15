import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { deadline } from "@std/async";
import { converse, startServing, startSession } from "../session.ts";
import { type Place, type SkipEvent, SkipProcess } from "../skip_process.ts";
import { Agent } from "./agent.ts";
import { type LabDht, startDht } from "./dht.ts";
import { addAddress, forgetConnections, rebind, renumber, unplug } from "./faults.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost } from "./mod.ts";

/** Two attempts take 13 s. What has not happened by then never will. */
const TEST_TIMEOUT_MS = 60_000;

interface World {
  readonly lab: Lab;
  readonly dht: LabDht;
}

/** A test in a lab and a DHT of its own: a node on each of eight hosts. */
function faultTest(name: string, fn: (world: World) => Promise<void>): void {
  labTest(name, async () => {
    await using lab = await Lab.create({ rttMs: 50 });
    await using dht = await startDht(lab, { nodes: 8 });
    await deadline(fn({ lab, dht }), TEST_TIMEOUT_MS);
  });
}

function startConnecting(id: string, bootstrap: string, place: Place): Promise<SkipProcess> {
  return SkipProcess.start(["connect", id, "--bootstrap", bootstrap], place);
}

/** A new peer connects, and messages arrive both ways. */
async function assertConnects(
  server: SkipProcess & { id: string },
  connecting: Place,
  bootstrap: string,
): Promise<readonly SkipEvent[]> {
  await using session = await startSession(server, { bootstrap, connecting });
  assertEquals(await converse(server, session.client, [`I am ${session.client.pid}`]), []);
  return session.client.events;
}

/** Each gathers candidates; the second begins after 3 s without a path. */
function attempts(events: readonly SkipEvent[]): number {
  return events.filter((e) => e.type === "candidates").length;
}

faultTest("A serving peer without a network waits for one, and can be reached then", async ({ lab, dht }) => {
  const [serving, connecting] = await lab.pair("port", "port");
  const plugIn = await unplug(serving);
  await using server = await SkipProcess.start(
    ["serve", "--ephemeral", "--bootstrap", dht.bootstrap],
    serving,
  );
  await server.event("offline");
  assertEquals(server.events.map((e) => e.type), ["offline"]);
  await plugIn();
  const { id } = await server.event("ready");
  await assertConnects(Object.assign(server, { id }), connecting, dht.bootstrap);
});

faultTest("A connecting peer without a network says so", async ({ lab, dht }) => {
  const [serving, connecting] = await lab.pair("port", "port");
  await using server = await startServing({ bootstrap: dht.bootstrap, serving });
  await unplug(connecting);
  await using client = await startConnecting(server.id, dht.bootstrap, connecting);
  const { code, events } = await client.ended;
  assertEquals([code, events.at(-1)?.code], [1, "offline"]);
});

faultTest(
  "A server that is killed when it hears the knock is unreachable, and one killed later breaks the tunnel",
  async ({ lab, dht }) => {
    await lab.reshape({ rttMs: 300 }); // so that we are faster than what follows the event
    const outcome = async (event: string) => {
      const [serving, connecting] = await lab.pair("port", "port");
      await using server = await startServing({ bootstrap: dht.bootstrap, serving });
      await using client = await startConnecting(server.id, dht.bootstrap, connecting);
      await server.event(event);
      server.kill("SIGKILL");
      const { code, events, stderr } = await client.ended;
      assertEquals(stderr, "");
      return [code, events.at(-1)?.code];
    };
    assertEquals(await Promise.all([outcome("knocked"), outcome("path")]), [[4, "unreachable"], [
      1,
      "tunnel-failed",
    ]]);
  },
);

faultTest(
  "After a client that was killed in the middle of a punch, the next one connects at once",
  async ({ lab, dht }) => {
    const [serving, connecting] = await lab.pair("port", "port");
    await using server = await startServing({ bootstrap: dht.bootstrap, serving });
    const killed = await startConnecting(server.id, dht.bootstrap, connecting);
    await server.event("knocked");
    killed.kill("SIGKILL");
    await killed.ended;
    const events = await assertConnects(server, connecting, dht.bootstrap);
    assertEquals(attempts(events), 1);
  },
);

const PORT = 47_123;

/**
 * Two peers in one LAN, the second of which also has the private address of a serving peer elsewhere, and the first
 * an address in that subnet: as on every second home router in the world.
 */
async function stageNeighbour(
  lab: Lab,
): Promise<{ serving: LabHost; connecting: LabHost; neighbour: LabHost }> {
  const [serving, connecting, neighbour] = await lab.peers("port", "lan", "lan");
  await addAddress(neighbour!, serving!.address);
  await addAddress(connecting!, serving!.address.replace(/\d+$/, "77"));
  return { serving: serving!, connecting: connecting!, neighbour: neighbour! };
}

async function startServingAtPort(bootstrap: string, place: Place): Promise<SkipProcess & { id: string }> {
  const args = ["serve", "--ephemeral", "--port", `${PORT}`, "--bootstrap", bootstrap];
  const server = await SkipProcess.start(args, place);
  const { id } = await server.event("ready");
  return Object.assign(server, { id });
}

faultTest(
  "Another skip serve at the private address in the record is refused, and the true peer is reached",
  async ({ lab, dht }) => {
    const { serving, connecting, neighbour } = await stageNeighbour(lab);
    await using server = await startServingAtPort(dht.bootstrap, serving);
    await using other = await startServingAtPort(dht.bootstrap, neighbour);
    const [{ id }, { id: otherId }] = await Promise.all([server.event("ready"), other.event("ready")]);
    assertNotEquals(id, otherId);
    const events = await assertConnects(Object.assign(server, { id }), connecting, dht.bootstrap);
    assertEquals(events.find((e) => e.type === "refused")?.remote, `${serving.address}:${PORT}`);
    assertEquals(events.find((e) => e.type === "path")?.remote, `${serving.publicAddress}:${PORT}`);
    assertEquals(other.events.filter((e) => e.type === "connected"), []);

    server.kill("SIGKILL"); // now nobody but the neighbour answers
    await server.ended;
    await using late = await SkipProcess.start(["connect", id, "--bootstrap", dht.bootstrap], connecting);
    const { code, events: said } = await late.ended;
    assertEquals([code, said.at(-1)?.code], [5, "not-proven"]);
  },
);

faultTest(
  "An echo server at the private address in the record is refused, and the true peer is reached",
  async ({ lab, dht }) => {
    const { serving, connecting, neighbour } = await stageNeighbour(lab);
    await using server = await startServingAtPort(dht.bootstrap, serving);
    await using agent = new Agent(neighbour);
    await agent.call("listen", { port: PORT });
    const echoed = agent.call("echo", { port: PORT });
    const events = await assertConnects(server, connecting, dht.bootstrap);
    assertEquals(events.find((e) => e.type === "refused")?.remote, `${serving.address}:${PORT}`);
    assertEquals(events.find((e) => e.type === "path")?.remote, `${serving.publicAddress}:${PORT}`);
    assert((await echoed).bytes > 0);
  },
);

faultTest(
  "A machine that never answers at the private address in the record holds nothing up",
  async ({ lab, dht }) => {
    const { serving, connecting, neighbour } = await stageNeighbour(lab);
    await using server = await startServingAtPort(dht.bootstrap, serving);
    await using agent = new Agent(neighbour);
    await agent.call("listen", { port: PORT });
    const events = await assertConnects(server, connecting, dht.bootstrap);
    assertEquals(events.find((e) => e.type === "path")?.remote, `${serving.publicAddress}:${PORT}`);
    assertEquals(attempts(events), 1);
    const { from } = await agent.call("accept", { port: PORT, timeoutMs: 1000 });
    assert(from, "the connecting peer has tried it");
  },
);

faultTest("forgetConnections() leaves a NAT that lets nobody in", async ({ lab }) => {
  const inside = await lab.peer("cgnat");
  await using agent = new Agent(inside);
  await using outside = new Agent(lab.hosts[0]!);
  const [{ port }, { port: own }] = await Promise.all([
    outside.call("udp", { port: 0 }),
    agent.call("udp", { port: 0 }),
  ]);
  await agent.call("send", { port: own, to: [lab.hosts[0]!.address, port], data: ["out"] });
  const { from } = await outside.call("receive", { port, timeoutMs: 2000 });
  await forgetConnections(inside);
  await outside.call("send", { port, to: from!, data: ["back"] });
  assertEquals((await agent.call("receive", { port: own, timeoutMs: 300 })).data, undefined);
});

faultTest("rebind() leaves a NAT that maps to ports of the given range", async ({ lab }) => {
  const inside = await lab.peer("port");
  await using agent = new Agent(inside);
  await using outside = new Agent(lab.hosts[0]!);
  const [{ port }, { port: own }] = await Promise.all([
    outside.call("udp", { port: 0 }),
    agent.call("udp", { port: 0 }),
  ]);
  const externalPort = async () => {
    await agent.call("send", { port: own, to: [lab.hosts[0]!.address, port], data: ["out"] });
    return (await outside.call("receive", { port, timeoutMs: 2000 })).from?.[1];
  };
  assertEquals(await externalPort(), own);
  for (const first of [10_000, 12_000]) {
    await rebind(inside, { first, last: first + 999 });
    const seen = await externalPort();
    assert(seen !== undefined && seen >= first && seen < first + 1000, `${seen}`);
  }
});

faultTest("NATs may forget everything while the server is idle", async ({ lab, dht }) => {
  const [serving, connecting] = await lab.pair("cgnat", "port");
  await using server = await startServing({ bootstrap: dht.bootstrap, serving });
  await Promise.all([serving, connecting].map(forgetConnections));
  await assertConnects(server, connecting, dht.bootstrap);
});

faultTest("NATs may forget everything in the middle of a punch", async ({ lab, dht }) => {
  await lab.reshape({ rttMs: 400 }); // so that we are faster than the punch
  const [serving, connecting] = await lab.pair("port", "port");
  await using server = await startServing({ bootstrap: dht.bootstrap, serving });
  await using client = await startConnecting(server.id, dht.bootstrap, connecting);
  await server.event("knocked");
  await Promise.all([serving, connecting].map(forgetConnections));
  assertEquals(client.events.filter((e) => e.type === "path"), [], "the punch is not over yet");
  // Where one side already answers with SYN-ACK, no NAT lets this pair of ports in again: then fresh ports do it.
  await client.event("open");
  assertEquals(await converse(server, client, ["hello"]), []);
});

faultTest(
  "A server whose NAT gets another public address publishes it, and is reached there",
  async ({ lab, dht }) => {
    const [serving, connecting] = await lab.pair("port", "port");
    await using server = await startServing({ bootstrap: dht.bootstrap, serving });
    await renumber(lab, serving, "6.200.0.1");
    await server.event("candidates", ({ local }) => local.some((c: string) => c.startsWith("6.200.0.1:")));
    await server.event("published", 1);
    const events = await assertConnects(server, connecting, dht.bootstrap);
    const { port } = await server.event("ready");
    assertEquals(events.find((e) => e.type === "path")?.remote, `6.200.0.1:${port}`);
  },
);

faultTest("A server that gets another address in its LAN publishes it", async ({ lab, dht }) => {
  const [serving, connecting] = await lab.pair("lan", "lan");
  await using server = await startServing({ bootstrap: dht.bootstrap, serving });
  const { port } = await server.event("ready");
  const added = serving.address.replace(/\d+$/, "222");
  await addAddress(serving, added);
  await server.event("published", 1);
  const events = await assertConnects(server, connecting, dht.bootstrap);
  const { remote } = events.find((e) => e.type === "candidates")!;
  assert(remote.includes(`${added}:${port}`), `${remote}`);
});

faultTest("Peers meet at the other nodes when the bootstrap node has died", async ({ lab, dht }) => {
  const [serving, connecting] = await lab.pair("port", "port");
  await using server = await startServing({ bootstrap: dht.bootstrap, serving });
  await dht.kill(0);
  await using lost = await startConnecting(server.id, dht.bootstrap, connecting);
  assertEquals((await lost.ended).events.at(-1)?.code, "offline", "it is really dead");
  await assertConnects(server, connecting, dht.places[1]!);
});
