/**
 * Our node in the DHT. The only file that imports `bittorrent-dht`.
 *
 * @module
 */
import DHT from "bittorrent-dht";
import bencode from "bencode";
import { Buffer } from "node:buffer";
import type { Endpoint } from "../endpoint.ts";
import { verifyBytes } from "../identity/mod.ts";
import { Bootstrap } from "./bootstrap.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { CLOSEST_COUNT, distance, toReply, unpackEndpoint } from "./contacts.ts";
import { type ErrorMessage, type QueryMessage, readPacket, type ResponseMessage } from "./guard.ts";
import { type KnownNodes, mergeKnownNodes, readKnownNodes, writeKnownNodes } from "./known_nodes.ts";
import { Krpc, KrpcError, type Outcome } from "./krpc.ts";
import { maintain } from "./maintenance.ts";
import { checkPorts, type DhtNodeOptions } from "./node_options.ts";
import { Presence } from "./presence.ts";
import { resolveName } from "./resolve_name.ts";
import { Responder } from "./responder.ts";
import { type DatagramSocket, openUdpSocket } from "./socket.ts";
import type { Contact, Dht, Observation, Reply, SignedItem, WalkOptions } from "./types.ts";
import { Walk } from "./walk.ts";

export type { DhtNodeOptions } from "./node_options.ts";

/** BEP 44: a value that was not put again for 2 h may be dropped. */
const VALUE_LIFETIME_MS = 2 * 60 * 60_000;
const MAX_VALUES = 1_000;
/** The library drops a peer 20 to 40 min after its last announce; clients announce again every 15 to 30 min. */
const PEER_LIFETIME_MS = 30 * 60_000;
const MAX_PEERS = 10_000;

/** What may be given with any question. */
interface AskOptions {
  readonly signal?: AbortSignal;
}

/** A node of the BitTorrent DHT over IPv4: asks, and answers what others ask. */
export class DhtNode implements Dht {
  onDatagram?: (data: Uint8Array, from: Endpoint) => void;
  readonly #options: DhtNodeOptions;
  readonly #clock: Clock;
  readonly #known: KnownNodes;
  readonly #presence: Presence;
  readonly #responder: Responder;
  readonly #library: DHT;
  readonly #krpc: Krpc;
  readonly #bootstrap: Bootstrap;
  readonly #maintenance: Promise<void>;
  readonly #walks = new Set<Walk>();
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;

  private constructor(options: DhtNodeOptions, socket: DatagramSocket, known: KnownNodes) {
    const alone = options.bootstrap.length === 0 && known.nodes.length === 0;
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#known = known;
    this.#presence = new Presence({
      local: socket.address,
      id: known.id,
      readOnly: options.readOnly,
      alone,
    });
    this.#responder = new Responder(this.#presence);
    this.#library = startLibrary(this.#responder);
    this.#krpc = this.#startKrpc(socket);
    this.#bootstrap = this.#makeBootstrap(alone);
    this.#bootstrap.start();
    this.#maintenance = this.#startMaintenance();
  }

  /**
   * Binds the port and starts to look for neighbours in the background. No network, dead bootstrap nodes and
   * unknown names are no errors: see {@linkcode DhtNode.online}.
   *
   * @throws {RangeError} If a port is out of range.
   * @throws {Deno.errors.AddrInUse} If the port is taken.
   */
  static async open(options: DhtNodeOptions): Promise<DhtNode> {
    const { port = 0, hostname = "0.0.0.0", knownNodesFile, signal } = options;
    checkPorts(options);
    signal?.throwIfAborted();
    const known = knownNodesFile === undefined ? { nodes: [] } : await readKnownNodes(knownNodesFile);
    const socket = options.socket ?? await openUdpSocket({ hostname, port });
    if (signal?.aborted) await socket.close();
    signal?.throwIfAborted();
    return new DhtNode(options, socket, known);
  }

  get port(): number {
    return this.#presence.port;
  }

  /** Our UDP endpoint: as others see it, where they have said so. */
  get endpoint(): Endpoint {
    const { hostname, port } = this.#presence.contact;
    return { hostname, port };
  }

  get size(): number {
    return this.#presence.table.size;
  }

  get stats(): Dht["stats"] {
    return this.#krpc.stats;
  }

  /** Our 20-byte node id; it changes once when our public address becomes known (BEP 42). */
  get id(): Uint8Array {
    return this.#presence.id;
  }

  /** Whether we stay out of other nodes' tables, and answer no questions. */
  get readOnly(): boolean {
    return this.#presence.readOnly;
  }

  observations(): readonly Observation[] {
    return this.#presence.observations.list();
  }

  async get(to: Endpoint, target: Uint8Array, options?: AskOptions): Promise<Reply> {
    return await this.#ask(to, "get", { target }, options);
  }

  async getPeers(to: Endpoint, infoHash: Uint8Array, options?: AskOptions): Promise<Reply> {
    return await this.#ask(to, "get_peers", { info_hash: infoHash }, options);
  }

  async put(to: Endpoint, token: Uint8Array, item: SignedItem, options?: AskOptions): Promise<void> {
    const { k, seq, sig, v } = item;
    await this.#ask(to, "put", { token, k, seq, sig, v }, options);
  }

  async announcePeer(
    to: Endpoint,
    token: Uint8Array,
    infoHash: Uint8Array,
    port: number,
    options?: AskOptions,
  ): Promise<void> {
    await this.#ask(to, "announce_peer", { token, info_hash: infoHash, port, implied_port: 0 }, options);
  }

  async walk(method: "get" | "get_peers", target: Uint8Array, options: WalkOptions = {}): Promise<Reply[]> {
    let stopped = false;
    const onReply = (reply: Reply) => stopped = options.onReply?.(reply) === true;
    const replies = await this.#walk(method, target, { ...options, onReply });
    const isHolder = !this.readOnly && (replies.length > 0 || this.#bootstrap.isOnline);
    if (stopped || !isHolder) return replies;
    const own = this.#askSelf(method, lookupArgs(method, target));
    const closest = [...replies, own].sort((a, b) => nearer(a.from, b.from, target)).slice(0, CLOSEST_COUNT);
    if (closest.includes(own)) options.onReply?.(own);
    return closest;
  }

  async online({ signal }: AskOptions = {}): Promise<void> {
    await this.#bootstrap.online(this.#untilClosed(signal));
  }

  sendDatagram(to: Endpoint, data: Uint8Array): void {
    this.#krpc.sendDatagram(to, data);
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closed.abort(new DOMException("The DHT node is closed", "AbortError"));
    this.#library.destroy();
    await Promise.all([this.#krpc.close(), this.#bootstrap.stop(), this.#maintenance]);
    await this.#save();
  }

  #untilClosed(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
  }

  async #ask(to: Endpoint, method: string, args: Args, options?: AskOptions): Promise<Reply> {
    if (this.#presence.isOwnEndpoint(to)) return this.#askSelf(method, args);
    const { message, rttMs } = await this.#krpc.query(to, method, args, options);
    return toReply(to, message, rttMs);
  }

  /** The same way as for others, encoding included, only without a socket. */
  #askSelf(method: string, args: Args): Reply {
    const { contact } = this.#presence;
    const packet = bencode.encode({ t: "self", y: "q", q: method, a: { ...args, id: contact.id } });
    const query = readPacket(packet) as QueryMessage | null;
    if (query === null) throw new TypeError(`Cannot ask for '${method}': an argument has a wrong length`);
    const outcome = this.#responder.answer(query, contact);
    if ("e" in outcome) throw new KrpcError(...outcome.e);
    const answer = readPacket(bencode.encode({ t: "self", y: "r", ...outcome })) as ResponseMessage;
    return toReply(contact, answer, 0);
  }

  async #walk(method: string, target: Uint8Array, options: WalkOptions): Promise<Reply[]> {
    const walk = new Walk(target, this.#places(target), {
      clock: this.#clock,
      ask: (to) => this.#ask(to, method, lookupArgs(method, target)),
      expectsMore: () => this.#bootstrap.expectsMore,
      isSelf: (contact) => this.#presence.isSelf(contact),
    }, { ...options, signal: this.#untilClosed(options.signal) });
    this.#walks.add(walk);
    try {
      return await walk.run();
    } finally {
      this.#walks.delete(walk);
    }
  }

  /** Where a walk begins. While the table is small, the bootstrap nodes are asked the question itself. */
  #places(target: Uint8Array): (Endpoint | Contact)[] {
    const near = this.#presence.table.closest(target, 2 * CLOSEST_COUNT);
    if (near.length >= CLOSEST_COUNT) return near;
    const known = this.#known.nodes.toSorted((a, b) => nearer(a, b, target));
    return [...near, ...this.#bootstrap.places(), ...known.slice(0, 2 * CLOSEST_COUNT)];
  }

  #startKrpc(socket: DatagramSocket): Krpc {
    return new Krpc(this.#presence, socket, {
      onQuery: (query, from) => this.#onQuery(query, from),
      onAnswer: (from, message) => this.#onAnswer(from, message),
      onSilence: (from) => this.#presence.table.silent(from, this.#bootstrap.silence()),
      onDatagram: (data, from) => this.onDatagram?.(data, from),
    }, this.#clock);
  }

  #onQuery(query: QueryMessage, from: Endpoint): Outcome | undefined {
    if (this.readOnly) return undefined;
    if (!query.readOnly) this.#heard({ id: query.a.id, ...from }, false);
    return this.#responder.answer(query, from);
  }

  #onAnswer(from: Endpoint, message: ResponseMessage | ErrorMessage): void {
    this.#bootstrap.heard();
    if (message.y === "e") return;
    const contact = { id: message.r.id, ...from };
    this.#heard(contact, true);
    if (message.ip) this.#presence.observe(from, unpackEndpoint(message.ip));
    for (const walk of this.#walks) walk.offer([contact]);
  }

  #heard(contact: Contact, confirmed: boolean): void {
    this.#presence.table.heard(contact, confirmed, this.#clock.now());
  }

  #makeBootstrap(alone: boolean): Bootstrap {
    return new Bootstrap({
      clock: this.#clock,
      endpoints: this.#options.bootstrap,
      resolve: this.#options.resolve ?? resolveName,
      onPlace: (place) => this.#walks.forEach((walk) => walk.offer([place])),
      join: (signal) => this.#join(signal),
      onSettled: () => this.#walks.forEach((walk) => walk.step()),
      onOffline: () => this.#presence.observations.clear(),
    }, alone);
  }

  async #join(signal: AbortSignal, target: Uint8Array = this.id): Promise<void> {
    await this.#walk("find_node", target, { signal });
  }

  async #startMaintenance(): Promise<void> {
    await maintain({
      clock: this.#clock,
      table: () => this.#presence.table,
      isOnline: () => this.#bootstrap.isOnline,
      ping: async (node) => void await this.#ask(node, "ping", {}).catch(() => {}),
      join: (signal) => this.#join(signal),
      explore: (signal) => this.#join(signal, crypto.getRandomValues(new Uint8Array(20))),
      save: () => this.#save(),
    }, this.#closed.signal).catch(() => {}); // it only ever ends by closing
  }

  /** A file that cannot be written costs the next start some time, and nobody a connection. */
  async #save(): Promise<void> {
    const path = this.#options.knownNodesFile;
    if (path === undefined) return;
    await writeKnownNodes(path, mergeKnownNodes(this.id, this.#presence.table.nodes(), this.#known)).catch(
      () => {},
    );
  }
}

type Args = Record<string, unknown>;

function lookupArgs(method: string, target: Uint8Array): Args {
  return method === "get_peers" ? { info_hash: target } : { target };
}

function nearer(a: Contact, b: Contact, target: Uint8Array): number {
  return distance(a.id, target) < distance(b.id, target) ? -1 : 1;
}

/** Starts the library as a responder only: without a socket, and with nobody to begin with. */
function startLibrary(responder: Responder): DHT {
  return new DHT({
    krpc: responder,
    bootstrap: false,
    verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) =>
      verifyBytes(publicKey, Buffer.from(message), signature),
    maxAge: PEER_LIFETIME_MS,
    maxPeers: MAX_PEERS,
    // Handed on to `lru`, which knows an age too.
    maxValues: { max: MAX_VALUES, maxAge: VALUE_LIFETIME_MS },
  });
}
