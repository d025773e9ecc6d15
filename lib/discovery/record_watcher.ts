/**
 * Looks for newer versions of a record that was found: a serving peer answers through it where it has something to say
 * to whoever knocks.
 *
 * @module
 */
import { PeerError } from "../errors.ts";
import { type Clock, pause } from "./clock.ts";
import { targetOf, verifyItem } from "./item.ts";
import { NODE_INTERVAL_MS } from "./knocks.ts";
import { ageOf, decodeRecord } from "./record.ts";
import type { Dht, Reply, Resolution, ServiceRecord } from "./types.ts";

/** What {@linkcode watchRecord} needs. */
export interface WatchRecordOptions {
  readonly dht: Pick<Dht, "get">;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly signal: AbortSignal;
  /** The closest nodes when the walk of the resolution is over; those that were known at its time until then. */
  readonly holders?: Promise<readonly Reply[]>;
  /** Each newer record. */
  readonly onRecord: (record: ServiceRecord, seq: number) => void;
}

/** Asks the holders in turn, each once a second, until aborted. Never rejects. */
export async function watchRecord(resolution: Resolution, options: WatchRecordOptions): Promise<void> {
  const { clock, dht, signal } = options;
  const target = targetOf(resolution.publicKey);
  const take = newerThan(resolution, options);
  const questions = new Set<Promise<void>>();
  let holders = resolution.holders;
  options.holders?.then((all) => holders = all.length > 0 ? all : holders, () => {});
  try {
    for (let turn = 0;; turn++) {
      const holder = holders[turn % Math.max(1, holders.length)];
      if (holder) {
        const question: Promise<void> = dht.get(holder.from, target, { signal })
          .then(take, () => {}) // the next one may know
          .finally(() => questions.delete(question));
        questions.add(question);
      }
      await pause(clock, NODE_INTERVAL_MS / Math.max(1, holders.length), signal);
    }
  } catch {
    // aborted: that is how it ends
  }
  await Promise.all(questions);
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
