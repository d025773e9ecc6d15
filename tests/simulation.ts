/**
 * A DHT in memory and in simulated time: hundreds of nodes, with delay and loss, the same in every run.
 *
 * @module
 */
import type { Clock } from "../lib/discovery/clock.ts";
import { DhtNode, type DhtNodeOptions } from "../lib/discovery/node.ts";
import type { DatagramSocket } from "../lib/discovery/socket.ts";
import { type Endpoint, formatEndpoint } from "../lib/endpoint.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Time that passes only while {@linkcode SimulatedClock.run} waits for something. In whole milliseconds. */
export class SimulatedClock implements Clock {
  readonly random: () => number;
  #now = 0;
  readonly #timers = new Map<number, Set<Timer>>();
  #moments: number[] = [];

  /** Begins at 0. */
  constructor(seed = 1) {
    this.random = seededRandom(seed);
  }

  now(): number {
    return this.#now;
  }

  schedule(ms: number, run: () => void): () => void {
    const at = this.#now + Math.max(0, Math.ceil(ms));
    const timer = { at, run };
    const timers = this.#timers.get(at);
    if (timers) timers.add(timer);
    else {
      this.#timers.set(at, new Set([timer]));
      const index = this.#moments.findLastIndex((moment) => moment > at) + 1;
      this.#moments.splice(index, 0, at); // latest first
    }
    return () => this.#timers.get(at)?.delete(timer);
  }

  /** Lets time pass until `promise` settles. Throws when nothing is left that could settle it. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    promise.then(() => settled = true, () => settled = true);
    for (await turn(); !settled; await turn()) {
      const moment = this.#moments.pop();
      if (moment === undefined) throw new Error(`Cannot go on at ${this.#now} ms: no timer is left`);
      this.#now = moment;
      const timers = this.#timers.get(moment)!;
      this.#timers.delete(moment);
      for (const timer of timers) timer.run();
    }
    return await promise;
  }

  /** Lets `ms` milliseconds pass. */
  async pass(ms: number): Promise<void> {
    await this.run(new Promise<void>((resolve) => this.schedule(ms, resolve)));
  }
}

/** Until all microtasks have run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Options of {@linkcode Simulation}. */
export interface SimulationOptions {
  /** One way, in milliseconds. @default {25} */
  readonly delayMs?: number;
  /** Part of the datagrams that are lost. @default {0} */
  readonly loss?: number;
  /** @default {1} */
  readonly seed?: number;
}

/** One datagram, as a spy sees it. */
export interface Datagram {
  readonly at: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly data: Uint8Array;
}

/** The network, its clock and its nodes. */
export class Simulation implements AsyncDisposable {
  readonly clock: SimulatedClock;
  readonly nodes: DhtNode[] = [];
  /** Called with every datagram that is sent. */
  onSend?: (datagram: Datagram) => void;
  /** Whether the network carries anything at all. */
  isUp = true;
  readonly #sockets = new Map<string, MemorySocket>();
  readonly #options: Required<SimulationOptions>;
  readonly random: () => number;
  #count = 0;

  constructor(options: SimulationOptions = {}) {
    this.#options = { delayMs: 25, loss: 0, seed: 1, ...options };
    this.random = seededRandom(this.#options.seed);
    this.clock = new SimulatedClock(this.#options.seed);
  }

  /** A network of `count` nodes that know each other. */
  static async create(count: number, options: SimulationOptions = {}): Promise<Simulation> {
    const simulation = new Simulation(options);
    await simulation.open({ bootstrap: [] });
    for (let i = 1; i < count; i++) {
      const node = await simulation.open();
      await simulation.clock.run(node.online());
    }
    await simulation.clock.pass(10_000); // for their walks to end
    return simulation;
  }

  /** Where a new node may begin. */
  get bootstrap(): Endpoint[] {
    return [this.nodes[0]!.endpoint];
  }

  /** A further node at an address of its own. */
  async open(options: Partial<DhtNodeOptions> = {}): Promise<DhtNode> {
    const node = await DhtNode.open({
      bootstrap: this.nodes.length > 0 ? this.bootstrap : [],
      readOnly: false,
      socket: this.socket(),
      id: this.randomBytes(20),
      clock: this.clock,
      ...options,
    });
    this.nodes.push(node);
    return node;
  }

  /** The same in every run. */
  randomBytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.random() * 256);
  }

  /** A socket at an address of its own, or at `address`. */
  socket(address?: Endpoint): DatagramSocket {
    const n = ++this.#count;
    const at = address ?? { hostname: `11.${n >> 8}.${n & 255}.1`, port: 6881 };
    const socket = new MemorySocket(at, this);
    this.#sockets.set(formatEndpoint(at), socket);
    return socket;
  }

  /** Takes a node off the network without telling anybody. */
  kill(node: DhtNode): void {
    this.#sockets.delete(formatEndpoint(node.endpoint));
  }

  /** Carries a datagram, for sockets. */
  carry(data: Uint8Array, from: Endpoint, to: Endpoint): void {
    this.onSend?.({ at: this.clock.now(), from, to, data });
    if (!this.isUp || this.random() < this.#options.loss) return;
    const copy = Uint8Array.from(data);
    this.clock.schedule(this.#options.delayMs, () => {
      this.#sockets.get(formatEndpoint(to))?.receive(copy, from);
    });
  }

  async close(): Promise<void> {
    await this.clock.run(Promise.all(this.nodes.map((node) => node.close())));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class MemorySocket implements DatagramSocket {
  readonly address: Endpoint;
  onDatagram?: (data: Uint8Array, from: Endpoint) => void;
  readonly #network: Simulation;
  #closed = false;

  constructor(address: Endpoint, network: Simulation) {
    this.address = address;
    this.#network = network;
  }

  send(data: Uint8Array, to: Endpoint): void {
    if (!this.#closed) this.#network.carry(data, this.address, to);
  }

  receive(data: Uint8Array, from: Endpoint): void {
    if (!this.#closed) this.onDatagram?.(data, from);
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = state + 0x6d2b79f5 >>> 0;
    let x = Math.imul(state ^ state >>> 15, state | 1);
    x ^= x + Math.imul(x ^ x >>> 7, x | 61);
    return ((x ^ x >>> 14) >>> 0) / 2 ** 32;
  };
}
