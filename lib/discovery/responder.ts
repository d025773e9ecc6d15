/**
 * Answers questions with what `bittorrent-dht` is good at (tokens, stored values, announced peers), and mends
 * what it leaves out.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import type { Endpoint } from "../endpoint.ts";
import { verifyBytes } from "../identity/mod.ts";
import { isExact, writeBencode } from "./bencode.ts";
import { CLOSEST_COUNT, packContacts, toReply } from "./contacts.ts";
import { type QueryMessage, readPacket, type ResponseMessage } from "./guard.ts";
import { KrpcError, type Outcome } from "./krpc.ts";
import type { Contact, Reply } from "./types.ts";

/** Peers in one reply: as many as libtorrent sends, 800 bytes. */
const MAX_VALUES = 100;
/** Of a BEP 44 value, bencoded. */
const MAX_VALUE_BYTES = 1_000;
const MAX_SALT_BYTES = 64;
/** BEP 44: a value that was not put again for 2 h may be dropped. */
const VALUE_LIFETIME_MS = 2 * 60 * 60_000;
const MAX_ITEMS = 1_000;
/** The library drops a peer 20 to 40 min after its last announce; clients announce again every 15 to 30 min. */
const PEER_LIFETIME_MS = 30 * 60_000;
const MAX_PEERS = 10_000;

/** The part of the library's class that we use. */
export type LibraryClass = new (options: Record<string, unknown>) => { destroy(): void };

/** Where the responder finds contacts and our id; both may change while it runs. */
export interface Neighbourhood {
  readonly id: Uint8Array;
  closest(target: Uint8Array): readonly Contact[];
}

/**
 * The `krpc` object that `bittorrent-dht` is given (its documented option): it has no socket, keeps no table and
 * never asks anything, so the library sends nothing of its own accord.
 */
export class Responder extends EventEmitter {
  readonly #neighbourhood: Neighbourhood;
  #outcome: Outcome | undefined;

  /** Answers nothing until a `DHT` listens to it. */
  constructor(neighbourhood: Neighbourhood) {
    super();
    this.#neighbourhood = neighbourhood;
  }

  /** What to say to a question. The library answers before `emit` returns, or not at all. */
  answer(query: QueryMessage, from: Endpoint): Outcome {
    const refusal = refuse(query);
    if (refusal) return { e: refusal };
    this.#outcome = undefined;
    this.emit("query", asKnown(query), { address: from.hostname, port: from.port });
    return this.#outcome ?? { e: unanswered(query) };
  }

  /**
   * Asks ourselves, the same way as others are asked, encoding included, only without a socket.
   * Throws {@linkcode KrpcError} for a refusal.
   */
  askSelf(method: string, args: Record<string, unknown>, self: Contact): Reply {
    const packet = writeBencode({ t: "self", y: "q", q: method, a: { ...args, id: self.id } });
    const query = readPacket(packet) as QueryMessage | null;
    if (query === null) throw new TypeError(`Cannot ask for '${method}': an argument has a wrong length`);
    const outcome = this.answer(query, self);
    if ("e" in outcome) throw new KrpcError(...outcome.e);
    const answer = readPacket(writeBencode({ t: "self", y: "r", ...outcome })) as ResponseMessage;
    return { ...toReply(self, answer, 0), isOwn: true };
  }

  /** Part of the krpc object: our id. */
  get id(): Buffer {
    return Buffer.from(this.#neighbourhood.id);
  }

  /** Part of the krpc object: the table. */
  get nodes(): { closest(target: Uint8Array): readonly Contact[] } {
    return this.#neighbourhood;
  }

  /** Part of the krpc object: takes the library's answer. */
  response(
    _peer: unknown,
    query: QueryMessage,
    r: Record<string, unknown>,
    nodes?: readonly Contact[],
  ): void {
    const target = query.a.target ?? query.a.info_hash;
    // BEP 5 gives nodes only in place of values; lookups then stop early and miss fresh announces elsewhere.
    const closest = nodes ?? (isLookup(query) ? this.#neighbourhood.closest(target as Buffer) : undefined);
    this.#outcome = {
      r: {
        ...r,
        ...(closest && { nodes: packContacts(closest.slice(0, CLOSEST_COUNT)) }),
        // bencode's order of a set of peers is ours to choose; the library shuffles them.
        ...(Array.isArray(r.values) && { values: r.values.slice(0, MAX_VALUES) }),
      },
    };
  }

  /** Part of the krpc object: takes the library's refusal. */
  error(_peer: unknown, _query: unknown, error: [number, string]): void {
    this.#outcome = { e: error };
  }

  /** Part of the krpc object. */
  destroy(done?: () => void): void {
    done?.();
  }
}

function isLookup({ q }: QueryMessage): boolean {
  return q === "get" || q === "get_peers";
}

/** BEP 5: a method that we do not know is answered like `find_node` if it says where it leads. */
function asKnown(query: QueryMessage): QueryMessage {
  const target = query.a.target ?? query.a.info_hash;
  if (METHODS.has(query.q) || target === undefined) return query;
  return { ...query, q: "find_node", a: { ...query.a, target } };
}

const METHODS: ReadonlySet<string> = new Set([
  "ping",
  "find_node",
  "get_peers",
  "announce_peer",
  "get",
  "put",
]);

/** The rules of BEP 44 that the library does not check, or checks only by size of a string. */
function refuse({ q, a }: QueryMessage): readonly [number, string] | undefined {
  if (q !== "put" || a.v === undefined) return undefined;
  // It would be stored as another number, and `bencode` would print a warning.
  if (!isExact(a.v)) return [203, "a number beyond 2^53"];
  if (writeBencode(a.v).length > MAX_VALUE_BYTES) return [205, "message (v field) too big"];
  if (Buffer.isBuffer(a.salt) && a.salt.length > MAX_SALT_BYTES) return [207, "salt too big"];
  if (!a.k && !a.sig) return undefined;
  const valid = a.k && a.sig && Number.isSafeInteger(a.seq) && a.seq as number >= 0;
  return valid ? undefined : [203, "a mutable item needs k, sig and seq"];
}

/** The library says nothing at all to a wrong signature and to missing arguments. */
function unanswered({ q, a }: QueryMessage): readonly [number, string] {
  if (!METHODS.has(q)) return [204, "method unknown"];
  return q === "put" && a.v && a.token ? [206, "invalid signature"] : [203, "missing or wrong argument"];
}

/** How long what others have stored with us is kept. */
export interface Lifetimes {
  /** Of a value after it was put last. @default {7_200_000} */
  readonly valueMs?: number;
  /** Of a peer after it announced itself last: between two and four thirds of it. @default {1_800_000} */
  readonly peerMs?: number;
}

/** Starts the library as a responder only: without a socket, and with nobody to begin with. */
export function startLibrary(
  Library: LibraryClass,
  responder: Responder,
  { valueMs = VALUE_LIFETIME_MS, peerMs = PEER_LIFETIME_MS }: Lifetimes = {},
): InstanceType<LibraryClass> {
  return new Library({
    krpc: responder,
    bootstrap: false,
    verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) =>
      verifyBytes(publicKey, Buffer.from(message), signature),
    maxAge: peerMs,
    maxPeers: MAX_PEERS,
    // Handed on to `lru`, which knows an age too.
    maxValues: { max: MAX_ITEMS, maxAge: valueMs },
  });
}
