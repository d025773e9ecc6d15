/**
 * The products of discovery, and the seam between what speaks KRPC (node, walk) and what uses it
 * (record, publication, knock).
 *
 * @module
 */
import type { Candidate, Endpoint } from "../endpoint.ts";
import type { Identity } from "../identity/mod.ts";
import type { Nat } from "../nat.ts";

/** A node of the DHT: its 20-byte id and where it listens. */
export interface Contact extends Endpoint {
  /** 20 bytes. */
  readonly id: Uint8Array;
}

/** One node's word on how it sees us: the `ip` field of BEP 42. */
export interface Observation {
  /** The node that said so. */
  readonly observer: Endpoint;
  /** Our UDP endpoint as that node sees it. */
  readonly observed: Endpoint;
}

/** A BEP 44 mutable item as it came from a node: nothing in it is verified yet. */
export interface RawItem {
  /** 32 bytes, or missing if the reply had none. */
  readonly k?: Uint8Array;
  /** Sequence number; a safe integer. */
  readonly seq: number;
  /** 64 bytes. */
  readonly sig?: Uint8Array;
  /** The byte string inside the bencoded value. Items whose value is no byte string are dropped earlier. */
  readonly v: Uint8Array;
}

/** What one node answered, parsed and bounded. */
export interface Reply {
  /** Who answered; always the endpoint that was asked. */
  readonly from: Contact;
  /** For `put` and `announce_peer` to this node (BEP 5, BEP 44). */
  readonly token?: Uint8Array;
  /** Closer nodes. */
  readonly nodes: readonly Contact[];
  /** Peers announced on the target (`get_peers`). */
  readonly values: readonly Endpoint[];
  /** The stored item (`get`). */
  readonly item?: RawItem;
  /** From sending to the answer. */
  readonly rttMs: number;
  /** Whether our own node said so, which can be believed. */
  readonly isOwn?: boolean;
}

/** A signed mutable item, ready for `put`. */
export interface SignedItem {
  readonly k: Uint8Array;
  readonly seq: number;
  readonly sig: Uint8Array;
  readonly v: Uint8Array;
}

/** Options of {@linkcode Dht.walk}. */
export interface WalkOptions {
  readonly signal?: AbortSignal;
  /**
   * Called with each reply as it comes; return `true` to end the walk early. `isCrowded` tells whether far more nodes than
   * eight turned up where the closest eight are to be expected.
   */
  readonly onReply?: (reply: Reply, isCrowded?: boolean) => boolean | void;
  /** Called once when no node is waited for any more but such that take longer than the others. */
  readonly onSettled?: () => void;
  /**
   * How many nodes are wanted. For more than eight the walk looks around first: hostile nodes that are all closer to the target
   * than honest ones can keep these out of every answer about it, but not of those about ids beside it.
   *
   * @default {8}
   */
  readonly count?: number;
}

/** Announces, from a socket of its own. */
export interface Announcer extends AsyncDisposable {
  /** Announces its address with `port` to a node. Rejects like {@linkcode Dht.announcePeer}. */
  announcePeer(
    to: Endpoint,
    infoHash: Uint8Array,
    port: number,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
}

/** Our node in the DHT, as the rest of discovery sees it. Implemented by `DhtNode`, and by fakes in tests. */
export interface Dht extends AsyncDisposable {
  /** The bound UDP port. */
  readonly port: number;
  /** Nodes in the routing table now. */
  readonly size: number;
  /** The newest word of each observer, newest last, bounded. */
  observations(): readonly Observation[];
  /** Bootstrap nodes whose names have no address, as far as is known. */
  unresolved(): readonly string[];
  /** Counters since start. */
  readonly stats: { readonly sent: number; readonly received: number; readonly dropped: number };
  /**
   * Asks one node. Rejects with a `DOMException` named `TimeoutError` when it does not answer,
   * with `KrpcError` when it answers with an error, with `signal.reason` when aborted.
   */
  get(to: Endpoint, target: Uint8Array, options?: { signal?: AbortSignal }): Promise<Reply>;
  getPeers(to: Endpoint, infoHash: Uint8Array, options?: { signal?: AbortSignal }): Promise<Reply>;
  put(to: Endpoint, token: Uint8Array, item: SignedItem, options?: { signal?: AbortSignal }): Promise<void>;
  /** Announces our address with `port`; 0 is the port of our DHT socket as that node sees it. */
  announcePeer(
    to: Endpoint,
    token: Uint8Array,
    infoHash: Uint8Array,
    port: number,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
  /**
   * Walks towards `target` and gives the replies of the closest nodes that answered, closest first: `count`, or up to 24 where
   * so many are closer than is likely.
   * Our own node's store is consulted and listed like a remote one when it is alone or among the closest.
   * Never rejects for want of nodes: an empty array means that nobody answered.
   */
  walk(method: "get" | "get_peers", target: Uint8Array, options?: WalkOptions): Promise<Reply[]>;
  /** Resolves once at least one node is known to be alive, or at once for a node that starts alone. */
  online(options?: { signal?: AbortSignal }): Promise<void>;
  /** Opens another socket to announce from. Rejects with what the system says. */
  openSideSocket(): Promise<Announcer>;
  /** Sends a datagram that is not KRPC from the DHT's socket. Never throws. */
  sendDatagram(to: Endpoint, data: Uint8Array): void;
  /** Receives each datagram that does not begin with `d`, at most 1,500 bytes, own copy. */
  onDatagram?: (data: Uint8Array, from: Endpoint) => void;
  /** Closes the socket; pending queries reject with an `AbortError`. Idempotent. */
  close(): Promise<void>;
}

/** What a serving peer says about itself. */
export interface ServiceRecord {
  /** At most 16; best first. */
  readonly candidates: readonly Candidate[];
  /** Its NAT. */
  readonly nat: Nat;
  /** External TCP ports of the sockets that dial whoever knocked last; at most 16. */
  readonly ports?: readonly number[];
  /** The DHT socket's own observed endpoint, where a knock by datagram may get in. */
  readonly dht?: Endpoint;
  /** 32-byte X25519 key to which knocks are sealed. */
  readonly sealKey: Uint8Array;
}

/** What a serving peer says about itself when it publishes; the key for knocks is the publication's own. */
export type ServiceDescription = Omit<ServiceRecord, "sealKey">;

/** A record that was found, with what the way to it taught. */
export interface Resolution {
  /** The 32 bytes of the id. */
  readonly publicKey: Uint8Array;
  /** What the serving peer says about itself. */
  readonly record: ServiceRecord;
  /** BEP 44 sequence number: microseconds since 1970. */
  readonly seq: number;
  /** The closest nodes, with fresh write tokens. */
  readonly holders: readonly Reply[];
}

/** Somebody wants in. Nothing in it is to be trusted beyond what `via` says. */
export interface Knock {
  /**
   * How it came: `announce` has one endpoint whose address a DHT node verified by a token round trip;
   * `sealed` and `datagram` have only the sender's own word (and signature); `control` came over a connection of that peer.
   */
  readonly via: "announce" | "sealed" | "datagram" | "control";
  /** The address that the connection proves; of `control` alone. */
  readonly from?: string;
  /** Where to punch; 1 to 8. */
  readonly candidates: readonly Endpoint[];
  /** The NAT that the connecting peer says it has. */
  readonly nat?: Nat;
  /** External TCP ports from which it dials, where its NAT allots one for each connection; at most 16. */
  readonly ports?: readonly number[];
  /** The connecting peer's public key, proven by signature; absent for `announce`. */
  readonly publicKey?: Uint8Array;
  /** Tells the connecting peer from which of our external ports we dial it; where that is not there, our record does. */
  readonly answer?: (ports: readonly number[]) => void;
}

/** What the connecting peer tells in a knock. */
export interface KnockContent {
  /** External TCP port to announce: the candidate that one `ip:port` can express. */
  readonly port: number;
  /** Everything else, for the sealed forms. */
  readonly candidates: readonly Endpoint[];
  /** Our NAT. */
  readonly nat: Nat;
  /** External TCP ports from which we dial, where our NAT allots one for each connection; at most 16. */
  readonly ports?: readonly number[];
}

/** A service that is being published and watched for knocks until closed. */
export interface Publication extends AsyncDisposable {
  /** Nodes that acknowledged the newest record. */
  readonly acknowledgements: number;
  /**
   * Says that what `describe` returns has changed: publishes again soon, many calls at once being one. An urgent change,
   * for which somebody is waiting, goes out at once, though no more than one each second.
   */
  update(options?: { urgent?: boolean }): void;
  /** Stops publishing and watching. Idempotent. */
  close(): Promise<void>;
}

/** Options of {@linkcode Discovery.publish}. */
export interface PublishOptions {
  /** Ends the first publication. */
  readonly signal?: AbortSignal;
  /** Each new knock, once; called from the background and must not throw. */
  readonly onKnock: (knock: Knock) => void;
  /** Called after each publication with the number of acknowledgements, and with errors on the way. */
  readonly onPublished?: (acknowledgements: number, error?: Error) => void;
}

/** How peers find each other. Implemented over the DHT, and in memory for tests. */
export interface Discovery extends AsyncDisposable {
  /** The local UDP port, which is the TCP port of a serving peer too; 0 where there is no socket. */
  readonly port: number;
  /** How others see our UDP endpoint. */
  observations(): readonly Observation[];
  /** Bootstrap nodes whose names have no address, as far as is known. */
  unresolved(): readonly string[];
  /** Resolves once some node of the DHT answers; rejects with `signal.reason`. */
  online(options?: { signal?: AbortSignal }): Promise<void>;
  /**
   * Publishes what `describe` says under `identity`, keeps it published, and watches for knocks.
   * Resolves once a lookup can find it (3 of the 8 closest nodes acknowledged, or all where there are fewer);
   * waits while offline. Rejects with `signal.reason`, or with `PeerError` `publish-failed`.
   */
  publish(
    identity: Identity,
    describe: () => ServiceDescription,
    options: PublishOptions,
  ): Promise<Publication>;
  /**
   * Finds the newest valid record of a public key.
   * Rejects with `PeerError` `not-found`, `bad-record` or `offline`, or with `signal.reason`.
   */
  resolve(publicKey: Uint8Array, options?: { signal?: AbortSignal }): Promise<Resolution>;
  /**
   * Looks for newer records of the same peer at the nodes that hold this one, until `signal` aborts; then resolves.
   * `onRecord` is called with each, newest last, and must not throw.
   */
  watch(
    resolution: Resolution,
    options: { signal: AbortSignal; onRecord: (record: ServiceRecord, seq: number) => void },
  ): Promise<void>;
  /**
   * Tells the serving peer that we are punching, by every way that fits. Gives the number of nodes
   * that took the announcement. Never rejects but for `signal.reason`.
   */
  knock(
    resolution: Resolution,
    content: KnockContent,
    options: { identity: Identity; signal?: AbortSignal },
  ): Promise<number>;
  /**
   * Serving peers that tell whoever asks them over TCP how they see him; at most 8, each in a /16 of its own. Nobody has
   * checked that they do. Rejects only with `signal.reason`.
   */
  observers(options?: { signal?: AbortSignal }): Promise<readonly Endpoint[]>;
  /**
   * Makes our TCP port known as that of an observer, until what it gives is disposed of; then it is forgotten within half
   * an hour.
   */
  announceObserver(port: number): AsyncDisposable;
  /** Idempotent. */
  close(): Promise<void>;
}
