/**
 * A node of the DHT that does harm: it speaks KRPC well enough to be believed, and lies in every way that it is told to.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { writeBencode } from "../../lib/discovery/bencode.ts";
import { nodeIdFor } from "../../lib/discovery/bep42.ts";
import type { Clock } from "../../lib/discovery/clock.ts";
import { packContacts } from "../../lib/discovery/contacts.ts";
import { type QueryMessage, readPacket } from "../../lib/discovery/guard.ts";
import { compactEndpoint } from "../../lib/discovery/krpc.ts";
import type { DatagramSocket } from "../../lib/discovery/socket.ts";
import type { Contact } from "../../lib/discovery/types.ts";
import type { Endpoint } from "../../lib/endpoint.ts";

/** What a hostile node can do beside having a convenient id. */
export const MISDEEDS = [
  "lie about ip",
  "forge records",
  "keep stale records",
  "name fake peers",
  "poison tables",
  "answer slowly",
  "send garbage",
  "answer other questions",
  "flood",
] as const;

/** Those that keep a node from being believed: where there are others as well, each of these is done by one node in eight. */
const CLUMSY: readonly Misdeed[] = ["answer slowly", "send garbage", "answer other questions", "flood"];

/** One of them. */
export type Misdeed = typeof MISDEEDS[number];

/** Where hostile nodes live: a simulation, or the real world. */
export interface Ground {
  readonly clock: Pick<Clock, "schedule">;
  random(): number;
  randomBytes(length: number): Uint8Array<ArrayBuffer>;
  socket(at: Endpoint): DatagramSocket;
}

/** What all hostile nodes of a network know of each other. */
export interface Plot {
  readonly ground: Ground;
  /** Whom they name as peers: whoever sends to them over TCP was fooled. */
  readonly thirdParties: readonly Endpoint[];
  /** What liars say of everybody's address. */
  readonly lie: Endpoint;
  readonly misdeeds: ReadonlySet<Misdeed>;
  readonly accomplices: readonly HostileNode[];
  /** The item that they want to be found in vain: 20 bytes. */
  target: Uint8Array;
  /** Nodes that do not exist, with ids as close to the target as their addresses allow. */
  madeUp: readonly Contact[];
  /** The first record that any of them was given: valid, and soon out of date. */
  stale: Record<string, unknown> | undefined;
  /** How often somebody was told of fake peers. */
  fakesNamed: number;
}

/** Addresses that have nothing to do with anybody. */
export const THIRD_PARTIES: readonly Endpoint[] = Array.from({ length: 100 }, (_, i) => ({
  hostname: `198.51.${i}.80`,
  port: 8_000 + i,
}));

/** One more. */
export const LIE: Endpoint = { hostname: "198.51.100.66", port: 6_666 };

const SLOW_MS = [400, 1_900] as const;
const FLOOD = 20;
const K = 8;

/** One of them. */
export class HostileNode {
  id: Uint8Array;
  readonly endpoint: Endpoint;
  readonly #socket: DatagramSocket;
  readonly #plot: Plot;
  readonly #number: number;

  /** Listens at once, with an id that fits its address. */
  constructor(plot: Plot, endpoint: Endpoint) {
    const { ground } = plot;
    this.endpoint = endpoint;
    this.#plot = plot;
    this.#number = plot.accomplices.length;
    this.id = nodeIdFor(endpoint.hostname, ground.randomBytes(20));
    this.#socket = ground.socket(endpoint);
    this.#socket.onDatagram = (data, from) => this.#receive(data, from);
  }

  /** How others may name it. */
  get contact(): Contact {
    return { id: this.id, ...this.endpoint };
  }

  /** Makes itself known, as any node does that looks for neighbours. */
  introduce(to: readonly Endpoint[]): void {
    for (const one of to) this.#ask(one, this.id);
  }

  #does(misdeed: Misdeed): boolean {
    const { misdeeds } = this.#plot;
    const isMine = misdeeds.size === 1 || !CLUMSY.includes(misdeed) ||
      this.#number % 8 === CLUMSY.indexOf(misdeed);
    return isMine && misdeeds.has(misdeed);
  }

  #ask(to: Endpoint, id: Uint8Array): void {
    const t = this.#plot.ground.randomBytes(2);
    const a = { id, target: this.#plot.target };
    this.#socket.send(writeBencode({ t, y: "q", q: "find_node", a }), to);
  }

  #receive(data: Uint8Array, from: Endpoint): void {
    const query = readPacket(data);
    if (query?.y !== "q") return;
    if (this.#does("flood")) this.#flood(from);
    if (query.q === "put") this.#plot.stale ??= { ...query.a };
    const answer = () => this.#answer(query, from);
    const { clock, random } = this.#plot.ground;
    const [least, most] = SLOW_MS;
    if (this.#does("answer slowly")) clock.schedule(least + (most - least) * random(), answer);
    else answer();
  }

  #answer(query: QueryMessage, from: Endpoint): void {
    const { ground } = this.#plot;
    if (this.#does("send garbage") && ground.random() < 0.5) return this.#sendGarbage(query, from);
    const foreign = this.#does("answer other questions") && ground.random() < 0.5;
    const ip = compactEndpoint(this.#does("lie about ip") ? this.#plot.lie : from);
    const t = foreign ? ground.randomBytes(4) : query.t;
    this.#socket.send(writeBencode({ t, y: "r", r: this.#result(query), ip }), from);
  }

  /** Every write is acknowledged and none kept. */
  #result({ q }: QueryMessage): Record<string, unknown> {
    const nodes = this.#nodes();
    const common = { id: this.id, nodes, token: Buffer.from("nothing") };
    if (q === "get") return { ...common, ...this.#item() };
    if (q === "get_peers" && this.#does("name fake peers")) {
      this.#plot.fakesNamed++;
      return { ...common, values: this.#plot.thirdParties.map(compactEndpoint) };
    }
    return q === "find_node" ? { id: this.id, nodes } : q === "get_peers" ? common : { id: this.id };
  }

  #item(): Record<string, unknown> {
    const { stale, ground } = this.#plot;
    if (!stale) return {};
    const { k, seq, sig, v } = stale;
    if (this.#does("keep stale records") && !(this.#does("forge records") && ground.random() < 0.5)) {
      return { k, seq, sig, v };
    }
    return this.#does("forge records") ? { k, seq: (seq as number) + 60_000_000, sig, v } : {};
  }

  /** Each other, closest first, or contacts that do not exist, at addresses that their ids fit. */
  #nodes(): Uint8Array {
    const { accomplices, ground, madeUp } = this.#plot;
    const friends = accomplices.slice(0, K).map(({ contact }) => contact);
    if (!this.#does("poison tables")) return packContacts(friends);
    const at = Math.floor(ground.random() * (madeUp.length - K));
    return packContacts([...madeUp.slice(at, at + K), ...friends]);
  }

  #sendGarbage({ t }: QueryMessage, to: Endpoint): void {
    const { ground } = this.#plot;
    const kinds = [
      () => ground.randomBytes(200),
      () => Buffer.from("l-3:e"),
      () => writeBencode({ t, y: "r", r: { id: this.id, v: Buffer.alloc(60_000), seq: 1 } }),
      () => writeBencode({ t, y: "r", r: { id: this.id.subarray(0, 5), nodes: Buffer.alloc(25) } }),
      () => writeBencode({ t, y: "r", r: { id: this.id, token: Buffer.alloc(300), values: "x" } }),
      () => writeBencode({ t, y: "e", e: ["no", 1, []] }),
      () => Buffer.from("d1:rd".repeat(300)),
    ];
    this.#socket.send(kinds[Math.floor(ground.random() * kinds.length)]!(), to);
  }

  /** Questions under ids close to the target, so that they get into tables, and rubbish. */
  #flood(to: Endpoint): void {
    const { ground, target } = this.#plot;
    for (let i = 0; i < FLOOD; i++) {
      if (i % 2 === 0) this.#ask(to, closeTo(target, ground));
      else this.#socket.send(ground.randomBytes(64), to);
    }
  }
}

/** Nodes that do not exist. */
export function makeUp(ground: Ground, target: Uint8Array): Contact[] {
  return Array.from({ length: 500 }, (_, i) => {
    const hostname = `${60 + i % 60}.${1 + (i >> 1)}.${Math.floor(256 * ground.random())}.1`;
    return { id: bestIdFor(hostname, target), hostname, port: 6881 };
  });
}

/** An id with 24 bits of the target, whatever the address. */
export function closeTo(target: Uint8Array, ground: Ground): Uint8Array {
  const id = ground.randomBytes(20);
  id.set(target.subarray(0, 3));
  return id;
}

/** Of the ids that fit an address the one that is closest to the target: one of eight beginnings (BEP 42). */
export function bestIdFor(address: string, target: Uint8Array): Uint8Array {
  const ids = Array.from({ length: 8 }, (_, r) => {
    const wanted = Uint8Array.from(target);
    wanted[19] = wanted[19]! & ~7 | r;
    return nodeIdFor(address, wanted);
  });
  const far = (id: Uint8Array) => id.map((byte, i) => byte ^ target[i]!).toHex();
  return ids.sort((a, b) => far(a) < far(b) ? -1 : 1)[0]!;
}
