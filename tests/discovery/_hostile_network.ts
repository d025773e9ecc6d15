/**
 * A DHT in simulated time of which a part is hostile, and one meeting of two peers in it.
 *
 * @module
 */
import { nodeIdFor } from "../../lib/discovery/bep42.ts";
import { distance } from "../../lib/discovery/contacts.ts";
import { DhtDiscovery, type Knock, type ServiceDescription } from "../../lib/discovery/mod.ts";
import { targetOf } from "../../lib/discovery/item.ts";
import type { DhtNode } from "../../lib/discovery/node.ts";
import type { DatagramSocket } from "../../lib/discovery/socket.ts";
import { type Endpoint, formatEndpoint } from "../../lib/endpoint.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { natOf } from "../../lib/nat.ts";
import { reflect } from "../../lib/candidates/mod.ts";
import { Gate } from "../../lib/_gate.ts";
import { KnockAnswerer } from "../../lib/_knock_answerer.ts";
import type { PunchPort } from "../../lib/punch/mod.ts";
import { Simulation } from "../simulation.ts";
import { EPOCH_START_MS } from "./_fake_dht.ts";
import {
  bestIdFor,
  closeTo,
  HostileNode,
  LIE,
  makeUp,
  type Misdeed,
  type Plot,
  THIRD_PARTIES,
} from "./_hostile_node.ts";

/** How hostile nodes choose their ids. */
export type Ids =
  /** As honest ones do. */
  | "ordinary"
  /** Close to the target, which BEP 42 forbids. */
  | "forbidden"
  /** As close to the target as their addresses allow. */
  | "allowed";

/** Who attacks and how. */
export interface Attack {
  readonly name: string;
  readonly misdeeds: readonly Misdeed[];
  readonly ids?: Ids;
  /** Addresses from which each hostile node chose the best. @default {1} */
  readonly choice?: number;
  /** Whether all hostile nodes are in one network (/16). @default {false} each has its own */
  readonly together?: boolean;
}

/** Nodes, and how many of them are hostile. */
export const NODES = 60;
export const HOSTILE = 18;

/** One in ten honest nodes knows nothing of BEP 42. */
const OLD_FASHIONED = 10;

/** A network of {@linkcode NODES}, which lasts for some meetings. */
export class HostileNetwork implements AsyncDisposable {
  readonly simulation: Simulation;
  readonly #attack: Attack;
  readonly #plot: Plot & { accomplices: HostileNode[] };
  readonly #honest: Endpoint[] = [];
  #guests = 0;

  private constructor(attack: Attack, seed: number) {
    this.simulation = new Simulation({ seed });
    this.#attack = attack;
    this.#plot = {
      ground: this.simulation,
      thirdParties: THIRD_PARTIES,
      lie: LIE,
      misdeeds: new Set(attack.misdeeds),
      accomplices: [],
      target: new Uint8Array(20),
      madeUp: [],
      stale: undefined,
      fakesNamed: 0,
    };
  }

  /** Honest and hostile nodes come in turn, so that tables hold both. */
  static async create(attack: Attack, seed: number): Promise<HostileNetwork> {
    const network = new HostileNetwork(attack, seed);
    const { simulation } = network;
    network.#turnTo(simulation.randomBytes(20));
    const every = NODES / HOSTILE;
    for (let i = 0; i < NODES; i++) {
      if (i % every < 1 && i > every) network.#addHostile();
      else await network.#addHonest();
    }
    while (network.#plot.accomplices.length < HOSTILE) network.#addHostile();
    await simulation.clock.pass(5_000);
    return network;
  }

  /** Milliseconds since 1970. */
  wallClock = (): number => EPOCH_START_MS + this.simulation.clock.now();

  async #addHonest(): Promise<void> {
    const n = this.#honest.length;
    const address = { hostname: `${20 + n}.${n}.0.1`, port: 6881 };
    const random = this.simulation.randomBytes(20);
    const isOldFashioned = n % OLD_FASHIONED === OLD_FASHIONED - 1;
    const node = await this.simulation.open({
      socket: this.simulation.socket(address),
      id: isOldFashioned ? random : nodeIdFor(address.hostname, random),
    });
    this.#honest.push(address);
    await this.simulation.clock.run(node.online());
  }

  #addHostile(): void {
    const { accomplices } = this.#plot;
    const node = new HostileNode(this.#plot, { hostname: this.#hostileAddress(), port: 6881 });
    accomplices.push(node);
    node.introduce(this.#honest);
  }

  #hostileAddress(): string {
    const { accomplices, target } = this.#plot;
    const { choice = 1, together = false } = this.#attack;
    const n = accomplices.length;
    const addresses = Array.from(
      { length: choice },
      (_, i) => together ? `66.6.${i}.${1 + n}` : `${130 + n}.${1 + i}.6.6`,
    );
    const far = (address: string) => distance(bestIdFor(address, target), target);
    return addresses.sort((a, b) => far(a) < far(b) ? -1 : 1)[0]!;
  }

  /** The hostile nodes turn towards an id. */
  async #aim(publicKey: Uint8Array): Promise<void> {
    const { simulation } = this;
    const target = targetOf(publicKey);
    this.#turnTo(target);
    for (const node of this.#plot.accomplices) {
      if (this.#attack.ids === "forbidden") node.id = closeTo(target, simulation);
      if (this.#attack.ids === "allowed") node.id = bestIdFor(node.endpoint.hostname, target);
      node.introduce(this.#honest);
    }
    this.#plot.accomplices.sort((a, b) => distance(a.id, target) < distance(b.id, target) ? -1 : 1);
    await simulation.clock.pass(2_000);
  }

  #turnTo(target: Uint8Array): void {
    const madeUp = this.#plot.misdeeds.has("poison tables") ? makeUp(this.simulation, target) : [];
    Object.assign(this.#plot, { target, madeUp, stale: undefined });
  }

  /** A peer's own node, which begins at three honest ones. */
  async #guest(): Promise<{ node: DhtNode; discovery: DhtDiscovery; endpoint: Endpoint }> {
    const n = ++this.#guests;
    const endpoint = { hostname: `203.${n}.113.9`, port: 50_000 + n };
    const node = await this.simulation.open({
      socket: behindFilter(this.simulation.socket(endpoint)),
      bootstrap: this.#honest.slice(0, 3),
      readOnly: true,
    });
    this.simulation.nodes.pop(); // closed by us
    const discovery = new DhtDiscovery(node, { clock: this.simulation.clock, wallClock: this.wallClock });
    await this.simulation.clock.run(node.online());
    return { node, discovery, endpoint };
  }

  /** Until some datagram is sent, without time passing: WebCrypto, which comes before, works in real time. */
  async #sent(isIt: (from: Endpoint, to: Endpoint) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.simulation.onSend = ({ from, to }) => isIt(from, to) && resolve();
    await promise;
    delete this.simulation.onSend;
  }

  /** One peer publishes twice, another looks it up and knocks. */
  async meet(): Promise<Meeting> {
    const { clock } = this.simulation;
    const identity = new Identity(this.simulation.randomBytes(32));
    await this.#aim(identity.publicKey);
    const server = await this.#guest();
    const client = await this.#guest();
    await using serving = dialler(server.endpoint, () => clock.now());
    const published = Promise.withResolvers<void>();
    let version = 1;
    const onPublished = () => void (version === 2 && published.resolve());
    const publishing = server.discovery.publish(identity, () => description(version, server.endpoint), {
      onKnock: (knock) => serving.answer(knock),
      onPublished,
    });
    await this.#sent((from) => from.hostname === server.endpoint.hostname);
    const publication = await clock.run(publishing);
    await clock.pass(2_000);
    version = 2;
    publication.update();
    await clock.run(published.promise);
    await clock.pass(3_000);
    const started = clock.now();
    const sentBefore = client.node.stats.sent;
    const found = await clock.run(client.discovery.resolve(identity.publicKey)).catch(() => undefined);
    const lookupMs = clock.now() - started;
    await clock.pass(1_000);
    const lookupPackets = client.node.stats.sent - sentBefore;
    const knocked = clock.now();
    const content = { port: PORT, candidates: [client.endpoint], nat: natOf("preserving") };
    if (found) {
      const knocking = client.discovery.knock(found, content, { identity: CALLER });
      await this.#sent((_from, to) => to.hostname === server.endpoint.hostname);
      await clock.run(knocking);
    }
    await clock.pass(6_000);
    const isCallers = ({ hostname }: Endpoint) => hostname === client.endpoint.hostname;
    const heard = serving.dialled.find(isCallers);
    const { observed } = reflect(client.discovery.observations(), client.node.port, []);
    await clock.run(Promise.all([server.discovery.close(), client.discovery.close()]));
    return {
      version: found?.record.candidates[0]?.port ?? 0,
      lookupMs,
      lookupPackets,
      dialledMs: heard && heard.at - knocked,
      strangers: serving.dialled.filter((one) => !isCallers(one)),
      knowsItself: observed?.hostname === client.endpoint.hostname,
    };
  }

  /** Closes the honest nodes; the others just fall silent with the network. */
  async [Symbol.asyncDispose]() {
    await this.simulation.close();
  }
}

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

/** A peer's NAT: lets in what comes from where something was sent to (address and port-dependent filtering). */
function behindFilter(socket: DatagramSocket): DatagramSocket {
  const known = new Set<string>();
  const filtered: DatagramSocket = {
    address: socket.address,
    send(data, to) {
      known.add(formatEndpoint(to));
      socket.send(data, to);
    },
    close: () => socket.close(),
  };
  socket.onDatagram = (data, from) => {
    if (known.has(formatEndpoint(from))) filtered.onDatagram?.(data, from);
  };
  return filtered;
}

function description(version: number, dht: Endpoint): ServiceDescription {
  return {
    candidates: [{ kind: "reflexive", hostname: "203.0.113.9", port: version }],
    nat: natOf("preserving"),
    dht,
  };
}
