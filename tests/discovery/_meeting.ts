/**
 * Two peers meet in a DHT of which a part is hostile.
 *
 * @module
 */
import { reflect } from "../../lib/candidates/mod.ts";
import { DhtDiscovery, type Knock, type ServiceDescription } from "../../lib/discovery/mod.ts";
import type { DhtNode } from "../../lib/discovery/node.ts";
import type { Resolution } from "../../lib/discovery/types.ts";
import type { Endpoint } from "../../lib/endpoint.ts";
import { Gate } from "../../lib/_gate.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { KnockAnswerer } from "../../lib/_knock_answerer.ts";
import { natOf } from "../../lib/nat.ts";
import type { PunchPort } from "../../lib/punch/mod.ts";
import type { HostileNetwork } from "./_hostile_network.ts";

const PORT = 41_000;
const CALLER = new Identity(new Uint8Array(32).fill(9));

/** What came of a meeting. */
export interface Meeting {
  /** Of the record that was found: 2 is the newest, 0 is none. */
  readonly version: number;
  readonly lookupMs: number;
  readonly lookupPackets: number;
  /** From the knock to the serving peer's SYN; absent where there was none. */
  readonly dialledMs: number | undefined;
  /** Endpoints of others that the serving peer dialled. */
  readonly strangers: readonly Endpoint[];
  /** Whether the connecting peer believes in its true address. */
  readonly knowsItself: boolean;
}

/** One of the two. */
interface Peer {
  readonly node: DhtNode;
  readonly discovery: DhtDiscovery;
  readonly endpoint: Endpoint;
}

/** One peer publishes twice, another looks it up and knocks. */
export async function meet(network: HostileNetwork): Promise<Meeting> {
  const { clock } = network.simulation;
  const identity = new Identity(network.simulation.randomBytes(32));
  await network.aim(identity.publicKey);
  const [server, client] = [await openPeer(network), await openPeer(network)];
  await using serving = dialler(server.endpoint, () => clock.now());
  await publishTwice(network, server, identity, serving.answer);
  const { found, ...lookup } = await lookUp(network, client, identity.publicKey);
  const knockedAt = clock.now();
  if (found) await knock(network, client, found, server.endpoint);
  await clock.pass(6_000);
  const isCallers = ({ hostname }: Endpoint) => hostname === client.endpoint.hostname;
  const heard = serving.dialled.find(isCallers);
  const { observed } = reflect(client.discovery.observations(), client.node.port, []);
  await clock.run(Promise.all([server.discovery.close(), client.discovery.close()]));
  return {
    version: found?.record.candidates[0]?.port ?? 0,
    ...lookup,
    dialledMs: heard && heard.at - knockedAt,
    strangers: serving.dialled.filter((one) => !isCallers(one)),
    knowsItself: observed?.hostname === client.endpoint.hostname,
  };
}

async function openPeer(network: HostileNetwork): Promise<Peer> {
  const guest = await network.openGuest();
  const { simulation: { clock }, wallClock } = network;
  return { ...guest, discovery: new DhtDiscovery(guest.node, { clock, wallClock }) };
}

async function publishTwice(
  network: HostileNetwork,
  { discovery, endpoint }: Peer,
  identity: Identity,
  onKnock: (knock: Knock) => void,
) {
  const { clock } = network.simulation;
  const published = Promise.withResolvers<void>();
  let version = 1;
  const onPublished = () => void (version === 2 && published.resolve());
  const publishing = discovery.publish(identity, () => description(version, endpoint), {
    onKnock,
    onPublished,
  });
  await sent(network, (from) => from.hostname === endpoint.hostname);
  const publication = await clock.run(publishing);
  await clock.pass(2_000);
  version = 2;
  publication.update();
  await clock.run(published.promise);
  await clock.pass(3_000);
}

async function lookUp(network: HostileNetwork, { discovery, node }: Peer, publicKey: Uint8Array) {
  const { clock } = network.simulation;
  const [startedAt, sentBefore] = [clock.now(), node.stats.sent];
  const found = await clock.run(discovery.resolve(publicKey)).catch(() => undefined);
  const lookupMs = clock.now() - startedAt;
  await clock.pass(1_000);
  return { found, lookupMs, lookupPackets: node.stats.sent - sentBefore };
}

async function knock(
  network: HostileNetwork,
  { discovery, endpoint }: Peer,
  found: Resolution,
  server: Endpoint,
) {
  const content = { port: PORT, candidates: [endpoint], nat: natOf("preserving") };
  const knocking = discovery.knock(found, content, { identity: CALLER });
  await sent(network, (_from, to) => to.hostname === server.hostname);
  await network.simulation.clock.run(knocking);
}

/** Until some datagram is sent, without time passing: WebCrypto, which comes before, works in real time. */
async function sent({ simulation }: HostileNetwork, isIt: (from: Endpoint, to: Endpoint) => boolean) {
  const { promise, resolve } = Promise.withResolvers<void>();
  simulation.onSend = ({ from, to }) => isIt(from, to) && resolve();
  await promise;
  delete simulation.onSend;
}

/** What of a serving peer answers knocks, with a port that only notes whom it would dial. */
function dialler(own: Endpoint, now: () => number) {
  const dialled: (Endpoint & { readonly at: number })[] = [];
  const port: PunchPort = {
    port: own.port,
    dial: ({ hostname, port }, { signal } = {}) => {
      dialled.push({ hostname, port, at: now() });
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const answerer = new KnockAnswerer({
    port,
    gate: new Gate(CALLER, { accept: () => Promise.resolve() }, () => {}),
    vantage: () => ({
      publicAddress: own.hostname,
      interfaces: [],
      candidates: [],
      nat: natOf("preserving"),
    }),
    report: () => {},
    servers: () => Promise.resolve([]),
    answer: () => {},
  });
  return {
    dialled,
    answer: (knock: Knock) => answerer.answer(knock),
    [Symbol.asyncDispose]: () => answerer[Symbol.asyncDispose](),
  };
}

function description(version: number, dht: Endpoint): ServiceDescription {
  return {
    candidates: [{ kind: "reflexive", hostname: "203.0.113.9", port: version }],
    nat: natOf("preserving"),
    dht,
  };
}
