/**
 * A DHT in simulated time of which a part is hostile.
 *
 * @module
 */
import { nodeIdFor } from "../../lib/discovery/bep42.ts";
import { distance } from "../../lib/discovery/contacts.ts";
import { targetOf } from "../../lib/discovery/item.ts";
import type { DhtNode } from "../../lib/discovery/node.ts";
import type { DatagramSocket } from "../../lib/discovery/socket.ts";
import { type Endpoint, formatEndpoint } from "../../lib/endpoint.ts";
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
  async aim(publicKey: Uint8Array): Promise<void> {
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

  /** A node of a peer who comes for a meeting, and closes it. It begins at three honest ones. */
  async openGuest(): Promise<{ node: DhtNode; endpoint: Endpoint }> {
    const n = ++this.#guests;
    const endpoint = { hostname: `203.${n}.113.9`, port: 50_000 + n };
    const node = await this.simulation.open({
      socket: behindFilter(this.simulation.socket(endpoint)),
      bootstrap: this.#honest.slice(0, 3),
      readOnly: true,
    });
    this.simulation.nodes.pop();
    await this.simulation.clock.run(node.online());
    return { node, endpoint };
  }

  /** Closes the honest nodes; the others just fall silent with the network. */
  async [Symbol.asyncDispose]() {
    await this.simulation.close();
  }
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
