/**
 * Finds the newest valid record of a public key.
 *
 * @module
 */
import { PeerError } from "../errors.ts";
import { type Clock, pause } from "./clock.ts";
import { CLOSEST_COUNT, distance } from "./contacts.ts";
import { targetOf, verifyItem } from "./item.ts";
import { ageOf, badRecord, decodeRecord } from "./record.ts";
import type { Dht, Reply, Resolution, ServiceRecord } from "./types.ts";

/** How long to wait for the first node at all. */
const ONLINE_MS = 10_000;
/** After the first record a newer one may be a round trip away; no longer than this. */
const MAX_GRACE_MS = 150;
const MIN_GRACE_MS = 20;
/** A walk may be led astray by loss; a second one is answered from a fuller table. */
const WALKS = 2;

/** What resolving needs. */
export interface ResolveOptions {
  readonly dht: Dht;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly signal: AbortSignal;
}

/** A record, while the walk that found it may still be under way. */
export interface Found {
  /** With the closest nodes known so far. */
  readonly resolution: Resolution;
  /** The closest nodes when the walk is over; never rejects. */
  readonly holders: Promise<readonly Reply[]>;
  /** Has `onReply` called with each node that is one of the closest when it answers: long before the walk is over. */
  follow(onReply: (reply: Reply) => void): void;
}

/** Rejects with `PeerError` `offline`, `not-found` or `bad-record`, or with `signal.reason`. */
export async function resolveRecord(publicKey: Uint8Array, options: ResolveOptions): Promise<Found> {
  await untilOnline(options);
  let answered = 0;
  for (let walk = 1; walk <= WALKS; walk++) {
    const lookup = new Lookup(publicKey, options);
    const found = await lookup.run();
    if (found) return found;
    if (lookup.problem) throw lookup.problem;
    answered = Math.max(answered, lookup.answered);
  }
  throw answered === 0
    ? new PeerError("offline", "Cannot resolve the id: no node of the DHT answered")
    : new PeerError("not-found", `Cannot resolve the id: ${answered} nodes answered, none knows it`);
}

async function untilOnline({ clock, dht, signal }: ResolveOptions): Promise<void> {
  const over = new AbortController();
  const cancel = clock.schedule(ONLINE_MS, () => over.abort());
  try {
    await dht.online({ signal: AbortSignal.any([signal, over.signal]) });
  } catch (cause) {
    signal.throwIfAborted();
    const names = dht.unresolved();
    const why = names.length === 0 ? "" : `; no address for ${names.join(", ")}`;
    const text = `Cannot resolve the id: no node of the DHT within ${ONLINE_MS / 1000} s${why}`;
    throw new PeerError("offline", text, { cause });
  } finally {
    cancel();
  }
}

/** One walk, and what it has found so far. */
class Lookup {
  answered = 0;
  problem: PeerError | undefined;
  readonly #publicKey: Uint8Array;
  readonly #options: ResolveOptions;
  readonly #target: Uint8Array;
  readonly #replies: Reply[] = [];
  readonly #followers: ((reply: Reply) => void)[] = [];
  /** Resolves to how long to wait for something newer. */
  readonly #first = Promise.withResolvers<number>();
  #best: { seq: number; record: ServiceRecord } | undefined;

  constructor(publicKey: Uint8Array, options: ResolveOptions) {
    this.#publicKey = publicKey;
    this.#target = targetOf(publicKey);
    this.#options = options;
  }

  /**
   * Returns soon after the first fresh record, since the next stage can begin with it; the walk goes on, because
   * only its end tells for sure which nodes the serving peer polls.
   */
  async run(): Promise<Found | undefined> {
    const { dht, signal } = this.#options;
    const onReply = (reply: Reply) => this.#take(reply);
    const walk = dht.walk("get", this.#target, { signal, onReply });
    const over = new AbortController();
    const grace = this.#first.promise.then((ms) => pause(this.#options.clock, ms, over.signal));
    try {
      await Promise.race([walk, grace]);
    } finally {
      over.abort();
      grace.catch(() => {});
    }
    if (!this.#best) return undefined;
    const known = this.#closest();
    return {
      resolution: { publicKey: this.#publicKey, ...this.#best, holders: known },
      holders: walk.catch(() => known),
      follow: (onReply) => {
        this.#followers.push(onReply);
        for (const reply of this.#closest()) onReply(reply);
      },
    };
  }

  #closest(): Reply[] {
    return closest(this.#replies, this.#target);
  }

  #take(reply: Reply): void {
    this.answered++;
    this.#replies.push(reply);
    if (this.#closest().includes(reply)) this.#followers.forEach((follower) => follower(reply));
    if (!reply.item) return;
    const outcome = this.#judge(reply);
    if (outcome instanceof PeerError) this.problem = outcome;
    else if (this.#isBetter(outcome.seq)) this.#best = outcome;
    // A stale record, or one from the future, may only win when nobody has another, so it ends no walk.
    const isFresh = this.#best && this.#ageOf(this.#best.seq) === "fresh";
    if (isFresh) this.#first.resolve(Math.min(Math.max(reply.rttMs, MIN_GRACE_MS), MAX_GRACE_MS));
  }

  /**
   * The newest is the best, but for what is from the future: published with a clock that was wrong, it would outrank for as
   * long whatever is published with the right one. Where all is from the future, it is our own clock that is wrong.
   */
  #isBetter(seq: number): boolean {
    const best = this.#best?.seq;
    if (best === undefined) return true;
    const [isFuture, wasFuture] = [seq, best].map((one) => this.#ageOf(one) === "future");
    return isFuture === wasFuture ? seq > best : wasFuture!;
  }

  #ageOf(seq: number) {
    return ageOf(seq, this.#options.wallClock());
  }

  #judge({ item }: Reply): PeerError | { seq: number; record: ServiceRecord } {
    const valid = verifyItem(item, this.#publicKey);
    if (!valid) return badRecord("its signature is wrong");
    const record = decodeRecord(this.#publicKey, valid.v);
    return record instanceof PeerError ? record : { seq: valid.seq, record };
  }
}

function closest(replies: readonly Reply[], target: Uint8Array): Reply[] {
  return replies.filter((reply) => reply.token)
    .map((reply) => ({ reply, distance: distance(reply.from.id, target) }))
    .sort((a, b) => a.distance < b.distance ? -1 : 1)
    .slice(0, CLOSEST_COUNT)
    .map(({ reply }) => reply);
}
