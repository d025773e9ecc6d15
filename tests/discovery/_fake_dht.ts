/**
 * A DHT without packets, in simulated time: nodes that store what they are told, and any number of views of them.
 *
 * @module
 */
import { KrpcError } from "../../lib/discovery/krpc.ts";
import { pause } from "../../lib/discovery/clock.ts";
import { distance } from "../../lib/discovery/contacts.ts";
import { targetOf, verifyItem } from "../../lib/discovery/item.ts";
import type {
  Announcer,
  Contact,
  Dht,
  Observation,
  RawItem,
  Reply,
  SignedItem,
  WalkOptions,
} from "../../lib/discovery/types.ts";
import type { Endpoint } from "../../lib/endpoint.ts";
import { formatEndpoint } from "../../lib/endpoint.ts";
import { SimulatedClock } from "../simulation.ts";

/** When a walk waits only for such as take unusually long. */
const SETTLED_MS = 200;

/** 2027-01-15, in milliseconds. */
export const EPOCH_START_MS = 1_800_000_000_000;

/** Lets time pass until `promise` settles, millisecond by millisecond: WebCrypto works in real time. */
export async function runSlowly<T>(clock: SimulatedClock, promise: Promise<T>): Promise<T> {
  let cancel = () => {};
  const beat = () => void (cancel = clock.schedule(1, beat));
  beat();
  try {
    return await clock.run(promise);
  } finally {
    cancel();
  }
}

/** One question, as a node saw it. */
export interface Asked {
  readonly method: string;
  readonly at: number;
}

/** A node that stores, and keeps a diary. */
export class FakeNode {
  readonly contact: Contact;
  readonly items = new Map<string, RawItem>();
  readonly peers = new Map<string, Endpoint[]>();
  readonly asked: Asked[] = [];
  /** Answers nothing. */
  isSilent = false;
  /** Takes no writes. */
  refuses = false;
  /** Answers so late. */
  delayMs = 0;

  constructor(number: number) {
    const id = new Uint8Array(20).fill(number);
    this.contact = { id, hostname: `11.0.${number}.1`, port: 6881 };
  }

  get token(): Uint8Array {
    return this.contact.id.slice(0, 4);
  }
}

/** The nodes, and the time they live in. */
export class FakeNetwork {
  readonly clock = new SimulatedClock();
  readonly nodes: FakeNode[];
  isUp = true;
  onUp = Promise.withResolvers<void>();

  constructor(count: number) {
    this.nodes = Array.from({ length: count }, (_, i) => new FakeNode(i + 1));
  }

  /** Milliseconds since 1970. */
  wallClock = (): number => EPOCH_START_MS + this.clock.now();

  /** Somebody's view, as seen from `hostname`. */
  open(hostname = "203.0.113.1"): FakeDht {
    return new FakeDht(this, { hostname, port: 50000 });
  }

  /** See {@linkcode runSlowly}. */
  run<T>(promise: Promise<T>): Promise<T> {
    return runSlowly(this.clock, promise);
  }

  /** Ends an outage. */
  up(): void {
    this.isUp = true;
    this.onUp.resolve();
    this.onUp = Promise.withResolvers();
  }

  /** The eight closest that answer. */
  closest(target: Uint8Array): FakeNode[] {
    return this.nodes.filter((node) => !node.isSilent)
      .sort((a, b) => distance(a.contact.id, target) < distance(b.contact.id, target) ? -1 : 1)
      .slice(0, 8);
  }

  /** How often nodes were asked since a moment. */
  count(since: number, method?: string): number {
    const fits = (asked: Asked) => asked.at >= since && (method === undefined || asked.method === method);
    return this.nodes.reduce((sum, node) => sum + node.asked.filter(fits).length, 0);
  }
}

/** A node of one's own in it. Every question takes 50 ms. */
export class FakeDht implements Dht {
  readonly port: number;
  readonly size = 8;
  readonly stats = { sent: 0, received: 0, dropped: 0 };
  onDatagram?: (data: Uint8Array, from: Endpoint) => void;
  readonly datagrams: { to: Endpoint; data: Uint8Array }[] = [];
  seen: Observation[];
  /** How many were opened. */
  sideSockets = 0;
  readonly #network: FakeNetwork;
  readonly #own: Endpoint;
  readonly #closed = new AbortController();

  constructor(network: FakeNetwork, own: Endpoint) {
    this.#network = network;
    this.#own = own;
    this.port = own.port;
    this.seen = [{ observer: network.nodes[0]?.contact ?? own, observed: own }];
  }

  unresolved(): readonly string[] {
    return [];
  }

  observations(): readonly Observation[] {
    return this.seen;
  }

  get(to: Endpoint, target: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<Reply> {
    return this.#ask(to, "get", options.signal, (node) => this.#reply(node, target, "get"));
  }

  getPeers(to: Endpoint, infoHash: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<Reply> {
    return this.#ask(to, "get_peers", options.signal, (node) => this.#reply(node, infoHash, "get_peers"));
  }

  put(
    to: Endpoint,
    token: Uint8Array,
    item: SignedItem,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    return this.#ask(to, "put", options.signal, (node) => {
      check(node, token);
      if (!verifyItem(item, item.k)) throw new KrpcError(206, "invalid signature");
      const key = targetOf(item.k).toHex();
      if ((node.items.get(key)?.seq ?? -1) >= item.seq) throw new KrpcError(302, "sequence number too low");
      node.items.set(key, item);
    });
  }

  announcePeer(
    to: Endpoint,
    token: Uint8Array,
    infoHash: Uint8Array,
    port: number,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    return this.#ask(to, "announce_peer", options.signal, (node) => {
      check(node, token);
      const key = infoHash.toHex();
      node.peers.set(key, [
        ...node.peers.get(key) ?? [],
        { hostname: this.#own.hostname, port: port || this.#own.port },
      ]);
    });
  }

  async walk(method: "get" | "get_peers", target: Uint8Array, options: WalkOptions = {}): Promise<Reply[]> {
    const { signal, onReply, onSettled } = options;
    let settle = onSettled;
    const settled = () => {
      settle?.();
      settle = undefined;
    };
    const cancelSettled = this.#network.clock.schedule(SETTLED_MS, settled);
    const nodes = this.#network.isUp ? this.#network.closest(target) : [];
    const ask = (node: FakeNode) =>
      this.#ask(node.contact, method, signal, (node) => this.#reply(node, target, method));
    const replies = await Promise.all(nodes.map(async (node) => {
      const reply = await ask(node);
      onReply?.(reply);
      return reply;
    }));
    cancelSettled();
    signal?.throwIfAborted();
    settled();
    return replies;
  }

  async online({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    signal?.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    signal?.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
    while (!this.#network.isUp) await Promise.race([this.#network.onUp.promise, aborted.promise]);
  }

  /** Each is seen at another address than the one before. */
  openSideSocket(): Promise<Announcer> {
    const hostname = this.#own.hostname.replace(/\d+$/, (n) => `${Number(n) + ++this.sideSockets}`);
    const socket = new FakeDht(this.#network, { hostname, port: this.#own.port + this.sideSockets });
    return Promise.resolve({
      announcePeer: async (to, infoHash, port, options) => {
        const { token } = await socket.getPeers(to, infoHash, options);
        await socket.announcePeer(to, token!, infoHash, port, options);
      },
      [Symbol.asyncDispose]: () => socket.close(),
    });
  }

  sendDatagram(to: Endpoint, data: Uint8Array): void {
    this.datagrams.push({ to, data });
  }

  close(): Promise<void> {
    this.#closed.abort(new DOMException("closed", "AbortError"));
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #ask<T>(
    to: Endpoint,
    method: string,
    signal: AbortSignal | undefined,
    answer: (node: FakeNode) => T | Promise<T>,
  ): Promise<T> {
    const { clock, isUp, nodes } = this.#network;
    const over = signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
    const node = nodes.find(({ contact }) => formatEndpoint(contact) === formatEndpoint(to));
    this.stats.sent++;
    node?.asked.push({ method, at: clock.now() });
    if (!node || node.isSilent || !isUp) {
      await pause(clock, 2000, over);
      throw new DOMException("no answer", "TimeoutError");
    }
    await pause(clock, 50 + node.delayMs, over);
    return await answer(node);
  }

  #reply(node: FakeNode, target: Uint8Array, method: string): Reply {
    const item = node.items.get(target.toHex());
    return {
      from: node.contact,
      token: node.token,
      nodes: [],
      values: method === "get_peers" ? node.peers.get(target.toHex()) ?? [] : [],
      ...(method === "get" && item && { item }),
      rttMs: 50 + node.delayMs,
    };
  }
}

function check(node: FakeNode, token: Uint8Array): void {
  if (node.refuses || token.toHex() !== node.token.toHex()) throw new KrpcError(203, "bad token");
}
