/**
 * Looks for newer versions of a record that was found: a serving peer answers through it where it has something to say
 * to whoever knocks.
 *
 * @module
 */
import { PeerError } from "../errors.ts";
import { formatEndpoint } from "../endpoint.ts";
import { type Clock, pause } from "./clock.ts";
import { CLOSEST_COUNT } from "./contacts.ts";
import { targetOf, verifyItem } from "./item.ts";
import { NODE_INTERVAL_MS } from "./knocks.ts";
import { ageOf, decodeRecord } from "./record.ts";
import type { Contact, Dht, Reply, Resolution, ServiceRecord } from "./types.ts";

/** Between questions to a node that did not hold the record, where others did. */
const EMPTY_NODE_INTERVAL_MS = 3_000;

/** What {@linkcode watchRecord} needs. */
export interface WatchRecordOptions {
  readonly dht: Pick<Dht, "get">;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly signal: AbortSignal;
  /** The closest nodes when the walk of the resolution is over; those that were known at its time until then. */
  readonly holders?: Promise<readonly Reply[]>;
  /** Tells of such nodes while that walk is under way. */
  readonly follow?: (onReply: (reply: Reply) => void) => void;
  /** Each newer record. */
  readonly onRecord: (record: ServiceRecord, seq: number) => void;
}

/** Asks the holders in turn, eight a second and each once a second, until aborted. Never rejects. */
export async function watchRecord(resolution: Resolution, options: WatchRecordOptions): Promise<void> {
  const { clock, dht, signal } = options;
  const target = targetOf(resolution.publicKey);
  const take = newerThan(resolution, options);
  const questions = new Set<Promise<void>>();
  const turns = new Turns(resolution, clock);
  options.follow?.((reply) => {
    turns.add(reply);
    take(reply); // the first to answer may have been those that keep an old one
  });
  options.holders?.then((all) => turns.replace(all), () => {});
  try {
    for (;;) {
      const holder = turns.next();
      if (holder) {
        const question: Promise<void> = dht.get(holder, target, { signal })
          .then(take, () => {}) // the next one may know
          .finally(() => questions.delete(question));
        questions.add(question);
      }
      await pause(clock, NODE_INTERVAL_MS / CLOSEST_COUNT, signal);
    }
  } catch {
    // aborted: that is how it ends
  }
  await Promise.all(questions);
}

/**
 * Whose turn it is. Those that held the record, or a newer one, come more often: there the serving peer publishes, others it
 * may not know of.
 */
class Turns {
  readonly #clock: Clock;
  readonly #seq: number;
  readonly #start: number;
  readonly #askedAt = new Map<string, number>();
  #holders: ReadonlyMap<string, Reply>;

  constructor({ holders, seq }: Resolution, clock: Clock) {
    this.#clock = clock;
    this.#seq = seq;
    this.#start = clock.now();
    this.#holders = byEndpoint(holders);
  }

  /** One that the walk has just found. */
  add(reply: Reply): void {
    this.#holders = byEndpoint([...this.#holders.values(), reply]);
  }

  /** Those that the walk has found in the end, if any. */
  replace(holders: readonly Reply[]): void {
    if (holders.length > 0) this.#holders = byEndpoint(holders);
  }

  /** A node to be asked now, if it is anybody's turn. */
  next(): Contact | undefined {
    const now = this.#clock.now();
    const may = [...this.#holders].filter(([key]) => now - this.#lastAsked(key) >= NODE_INTERVAL_MS - 1);
    const [next] = may.sort((a, b) => this.#due(a) - this.#due(b));
    if (next) this.#askedAt.set(next[0], now);
    return next?.[1].from;
  }

  #due([key, { item }]: readonly [string, Reply]): number {
    const held = item !== undefined && item.seq >= this.#seq;
    return this.#lastAsked(key) + (held ? NODE_INTERVAL_MS : EMPTY_NODE_INTERVAL_MS);
  }

  #lastAsked(key: string): number {
    return this.#askedAt.get(key) ?? this.#start - NODE_INTERVAL_MS;
  }
}

function byEndpoint(replies: readonly Reply[]): ReadonlyMap<string, Reply> {
  return new Map(replies.map((reply) => [formatEndpoint(reply.from), reply]));
}

/** Tells of each valid record that is newer than all before. */
function newerThan(
  { publicKey, seq }: Resolution,
  { onRecord, wallClock, signal }: WatchRecordOptions,
): (reply: Reply) => void {
  let newest = seq;
  return ({ item }) => {
    if (signal.aborted || !item || item.seq <= newest) return;
    const valid = verifyItem(item, publicKey);
    const isFuture = (seq: number) => ageOf(seq, wallClock()) === "future";
    if (!valid || (isFuture(valid.seq) && !isFuture(newest))) return;
    const record = decodeRecord(publicKey, valid.v);
    if (record instanceof PeerError) return;
    newest = valid.seq;
    onRecord(record, valid.seq);
  };
}
