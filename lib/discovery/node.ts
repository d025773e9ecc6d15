/**
 * Our node in the DHT. The only file that imports `bittorrent-dht`.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import { Bootstrap } from "./bootstrap.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { byDistance, CLOSEST_COUNT, toReply, unpackEndpoint } from "./contacts.ts";
import type { ErrorMessage, QueryMessage, ResponseMessage } from "./guard.ts";
import { type KnownNodes, mergeKnownNodes, readKnownNodes, writeKnownNodes } from "./known_nodes.ts";
import { Krpc, type Outcome } from "./krpc.ts";
import { maintain } from "./maintenance.ts";
import { checkPorts, type DhtNodeOptions } from "./node_options.ts";
import { Presence } from "./presence.ts";
import { resolveName } from "./resolve_name.ts";
import { type LibraryClass, Responder, startLibrary } from "./responder.ts";
import { SideSocket } from "./side_socket.ts";
import { type DatagramSocket, openUdpSocket } from "./socket.ts";
import type { Announcer, Contact, Dht, Observation, Reply, SignedItem, WalkOptions } from "./types.ts";
import { lookupArguments, Walks } from "./walks.ts";

export type { DhtNodeOptions } from "./node_options.ts";

/** What may be given with any question. */
interface AskOptions {
  readonly signal?: AbortSignal;
}

/** A node of the BitTorrent DHT over IPv4: asks, and answers what others ask. */
export class DhtNode implements Dht {
  /** Receives each datagram that is not KRPC, in memory of its own. */
  onDatagram?: (data: Uint8Array, from: Endpoint) => void;
  readonly #options: DhtNodeOptions;
  readonly #clock: Clock;
  readonly #known: KnownNodes;
  readonly #presence: Presence;
  readonly #responder: Responder;
  readonly #library: InstanceType<LibraryClass>;
  readonly #krpc: Krpc;
  readonly #bootstrap: Bootstrap;
  readonly #maintenance: Promise<void>;
  readonly #walks: Walks;
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;

  private constructor(
    Library: LibraryClass,
    options: DhtNodeOptions,
    socket: DatagramSocket,
    known: KnownNodes,
  ) {
    const alone = options.bootstrap.length === 0;
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#known = known;
    this.#presence = new Presence({
      local: socket.address,
      id: options.id,
      lastAddress: known.address,
      readOnly: options.readOnly,
      alone,
    });
    this.#responder = new Responder(this.#presence);
    this.#library = startLibrary(Library, this.#responder);
    this.#krpc = this.#startKrpc(socket);
    this.#bootstrap = this.#makeBootstrap(alone);
    this.#walks = new Walks({
      clock: this.#clock,
      presence: this.#presence,
      bootstrap: this.#bootstrap,
      known: known.nodes,
      ask: (to, method, args) => this.#ask(to, method, args),
    });
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
    // Only now, as the library's `debug` reads the environment when it is loaded: that takes `--allow-env`.
    const { default: Library } = await import("bittorrent-dht");
    const socket = options.socket ?? await openUdpSocket({ hostname, port });
    if (signal?.aborted) await socket.close();
    signal?.throwIfAborted();
    return new DhtNode(Library, options, socket, known);
  }

  /** The bound UDP port. */
  get port(): number {
    return this.#presence.port;
  }

  /** Our UDP endpoint: as others see it, where they have said so. */
  get endpoint(): Endpoint {
    const { hostname, port } = this.#presence.contact;
    return { hostname, port };
  }

  /** Nodes in the routing table. */
  get size(): number {
    return this.#presence.table.size;
  }

  /** Datagrams since start. */
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

  /** How others see our endpoint: the newest word of each, newest last. */
  observations(): readonly Observation[] {
    return this.#presence.observations.list();
  }

  /** Bootstrap nodes whose names have no address, as far as is known. */
  unresolved(): readonly string[] {
    return this.#bootstrap.unresolved();
  }

  /** Asks a node for an item (BEP 44). */
  async get(to: Endpoint, target: Uint8Array, options?: AskOptions): Promise<Reply> {
    return await this.#ask(to, "get", { target }, options);
  }

  /** Asks a node for announced peers (BEP 5). */
  async getPeers(to: Endpoint, infoHash: Uint8Array, options?: AskOptions): Promise<Reply> {
    return await this.#ask(to, "get_peers", { info_hash: infoHash }, options);
  }

  /** Has a node store a mutable item; `token` is from a `get` to it. */
  async put(to: Endpoint, token: Uint8Array, item: SignedItem, options?: AskOptions): Promise<void> {
    const { k, seq, sig, v } = item;
    await this.#ask(to, "put", { token, k, seq, sig, v }, options);
  }

  /**
   * Announces our address with `port` to a node, or with the port that it sees if that is 0; `token` is from a `get` or
   * `get_peers` to it.
   */
  async announcePeer(
    to: Endpoint,
    token: Uint8Array,
    infoHash: Uint8Array,
    port: number,
    options?: AskOptions,
  ): Promise<void> {
    const args = { token, info_hash: infoHash, port: port || this.port, implied_port: port === 0 ? 1 : 0 };
    await this.#ask(to, "announce_peer", args, options);
  }

  /** Asks the nodes closest to `target`, ourselves among them where we are. */
  async walk(method: "get" | "get_peers", target: Uint8Array, options: WalkOptions = {}): Promise<Reply[]> {
    this.#closed.signal.throwIfAborted();
    let stopped = false;
    const onReply: WalkOptions["onReply"] = (...reply) => stopped = options.onReply?.(...reply) === true;
    const replies = await this.#walks.run(method, target, { ...options, onReply });
    const isHolder = !this.readOnly && (replies.length > 0 || this.#bootstrap.isOnline);
    if (stopped || !isHolder) return replies;
    const own = this.#responder.askSelf(method, lookupArguments(method, target), this.#presence.contact);
    const closest = [...replies, own].sort((a, b) => byDistance(target)(a.from, b.from))
      .slice(0, Math.max(CLOSEST_COUNT, replies.length));
    if (closest.includes(own)) options.onReply?.(own);
    return closest;
  }

  /** Resolves once some node has answered, or at once for a node that starts alone. */
  async online({ signal }: AskOptions = {}): Promise<void> {
    await this.#bootstrap.online(signal);
  }

  /** Opens another socket that is ours as well, on any port. */
  async openSideSocket(): Promise<Announcer> {
    const { hostname = "0.0.0.0" } = this.#options;
    return new SideSocket(this, await openUdpSocket({ hostname, port: 0 }), this.#clock);
  }

  /** Sends what is not KRPC, at most 1,500 bytes. */
  sendDatagram(to: Endpoint, data: Uint8Array): void {
    this.#krpc.sendDatagram(to, data);
  }

  /** Closes the socket; what is pending rejects with an `AbortError`. Idempotent. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** Same as {@linkcode DhtNode.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const reason = new DOMException("The DHT node is closed", "AbortError");
    this.#closed.abort(reason);
    this.#library.destroy();
    this.#walks.cancel(reason);
    await Promise.all([this.#krpc.close(reason), this.#bootstrap.stop(reason), this.#maintenance]);
    await this.#save();
  }

  async #ask(to: Endpoint, method: string, args: Args, options?: AskOptions): Promise<Reply> {
    if (this.#presence.isOwnEndpoint(to)) {
      return this.#responder.askSelf(method, args, this.#presence.contact);
    }
    const { message, rttMs } = await this.#krpc.query(to, method, args, options);
    return toReply(to, message, rttMs);
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
    this.#walks.offer(contact);
  }

  #heard(contact: Contact, confirmed: boolean): void {
    this.#presence.table.heard(contact, confirmed, this.#clock.now());
  }

  #makeBootstrap(alone: boolean): Bootstrap {
    return new Bootstrap({
      clock: this.#clock,
      endpoints: this.#options.bootstrap,
      resolve: this.#options.resolve ?? resolveName,
      onPlace: (place) => this.#walks.offer(place),
      join: (signal) => this.#walks.join(signal),
      onSettled: () => this.#walks.settle(),
      onOffline: () => this.#presence.observations.clear(),
    }, alone);
  }

  async #startMaintenance(): Promise<void> {
    await maintain({
      clock: this.#clock,
      table: () => this.#presence.table,
      isOnline: () => this.#bootstrap.isOnline,
      ping: async (node) => void await this.#ask(node, "ping", {}).catch(() => {}),
      join: (signal) => this.#walks.join(signal),
      explore: (signal) => this.#walks.explore(signal),
      save: () => this.#save(),
    }, this.#closed.signal).catch((error) => {
      if (!this.#closed.signal.aborted) throw error;
    });
  }

  /** A file that cannot be written costs the next start some time, and nobody a connection. */
  async #save(): Promise<void> {
    const path = this.#options.knownNodesFile;
    if (path === undefined) return;
    await writeKnownNodes(path, mergeKnownNodes(this.#presence, this.#known)).catch(() => {});
  }
}

type Args = Record<string, unknown>;
