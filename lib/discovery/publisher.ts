/**
 * Keeps a record in the DHT: at start, on change, every half hour, since nodes forget after two, and when another process
 * with the same identity has put its own in place of it.
 *
 * @module
 */
import { PeerError } from "../errors.ts";
import type { Identity } from "../identity/mod.ts";
import { type Acks, countAcks, QUORUM } from "./_acks.ts";
import { type Clock, pause } from "./clock.ts";
import type { Holder, Holders } from "./holders.ts";
import { signItem, targetOf, verifyItem } from "./item.ts";
import { encodeRecord } from "./record.ts";
import type { Dht, Reply, ServiceRecord, SignedItem } from "./types.ts";

/** Between publications, plus or minus a tenth so that peers started together drift apart. */
export const REPUBLISH_MS = 30 * 60_000;
/** Between looks for a record in place of ours: whoever published last may be gone while we are here. */
export const LOOK_MS = 2 * 60_000;
/** Changes often come in groups: addresses appear one by one. */
export const COALESCE_MS = 250;
/** Between urgent publications: whoever can make us publish shall not make us flood. */
export const URGENT_INTERVAL_MS = 1_000;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;
/** Attempts that nodes answered, before the first publication fails. */
const FIRST_ATTEMPTS = 5;

/** What a {@linkcode Publisher} needs. */
export interface PublisherOptions {
  readonly dht: Dht;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly identity: Identity;
  readonly describe: () => ServiceRecord;
  readonly holders: Holders;
  readonly onPublished: (acknowledgements: number, error?: Error) => void;
}

/** Publishes one record. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #target: Uint8Array;
  #item: SignedItem | undefined;
  #acknowledgements = 0;
  #isStale = false;
  #isUrgent = false;
  #publishedAt = -Infinity;
  #wake = new AbortController();
  /** Looks so far: each asks another node. */
  #looks = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#target = targetOf(options.identity.publicKey);
  }

  /** Nodes that acknowledged the newest record. */
  get acknowledgements(): number {
    return this.#acknowledgements;
  }

  /** The record has changed: publish again soon, or at once. */
  update({ urgent = false }: { urgent?: boolean } = {}): void {
    this.#isStale = true;
    this.#isUrgent ||= urgent;
    this.#wake.abort();
  }

  /**
   * Publishes for the first time; waits while offline.
   * Rejects with `signal.reason` or `PeerError` `publish-failed`.
   */
  async start(signal: AbortSignal): Promise<void> {
    for (let refused = 0, backoff = FIRST_BACKOFF_MS;; backoff *= 2) {
      await this.#options.dht.online({ signal });
      const error = await this.#publish(signal);
      if (!error) return;
      if (error.code === "publish-failed" && ++refused === FIRST_ATTEMPTS) throw error;
      await pause(this.#options.clock, Math.min(backoff, MAX_BACKOFF_MS), signal);
    }
  }

  /** Publishes again whenever it is time, until aborted; then rejects with `signal.reason`. */
  async run(signal: AbortSignal): Promise<never> {
    for (let backoff = 0;;) {
      await this.#untilDue(backoff || REPUBLISH_MS * (0.9 + this.#options.clock.random() / 5), signal);
      await this.#options.dht.online({ signal });
      const error = await this.#publish(signal);
      backoff = error ? Math.min(Math.max(FIRST_BACKOFF_MS, backoff * 2), MAX_BACKOFF_MS) : 0;
    }
  }

  /** Gives the newest record to nodes that have become the closest ones. Rejects with `signal.reason`. */
  async extend(newcomers: readonly Holder[], signal: AbortSignal): Promise<void> {
    const item = this.#item;
    const writable = newcomers.filter((h) => h.token);
    if (!item) return;
    await Promise.allSettled(
      writable.map((h) => this.#options.dht.put(h.contact, h.token!, item, { signal })),
    );
    signal.throwIfAborted();
  }

  async #untilDue(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (const due = clock.now() + ms; !this.#isStale && clock.now() < due;) {
      this.#wake = new AbortController();
      const wait = Math.min(LOOK_MS, due - clock.now());
      await pause(clock, wait, AbortSignal.any([signal, this.#wake.signal])).catch(() => {});
      signal.throwIfAborted();
      if (!this.#isStale && await this.#isReplaced(signal)) return;
    }
    if (!this.#isStale) return;
    const urgentMs = Math.max(0, this.#publishedAt + URGENT_INTERVAL_MS - clock.now());
    await pause(clock, this.#isUrgent ? urgentMs : COALESCE_MS, signal);
  }

  /** Whether a node holds a record that somebody else with our identity has published since. */
  async #isReplaced(signal: AbortSignal): Promise<boolean> {
    const { dht, holders: { list } } = this.#options;
    const holder = list[this.#looks++ % Math.max(1, list.length)];
    if (!holder || !this.#item) return false;
    const reply = await dht.get(holder.contact, this.#target, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    return reply !== undefined && this.#seqOf(reply) > this.#item.seq;
  }

  /** First to the nodes whose tokens the polls kept fresh: one round trip. If that fails, by a walk. */
  async #publish(signal: AbortSignal): Promise<PeerError | undefined> {
    this.#isStale = this.#isUrgent = false;
    this.#publishedAt = this.#options.clock.now();
    let error: PeerError | undefined;
    try {
      const quick = this.#options.holders.writable.length > 0 && await this.#put(0, signal);
      error = quick && isEnough(quick, this.#options.holders) ? undefined : await this.#walkAndPut(signal);
    } catch (cause) {
      signal.throwIfAborted();
      error = failed("an error stopped it", cause);
    }
    this.#report(error);
    return error;
  }

  async #walkAndPut(signal: AbortSignal): Promise<PeerError | undefined> {
    const { dht, holders } = this.#options;
    const seen: number[] = [];
    const replies = await dht.walk("get", this.#target, {
      signal,
      onReply: (reply) => void seen.push(this.#seqOf(reply)),
    });
    holders.replace(replies);
    if (replies.length === 0) {
      return new PeerError("offline", "Cannot publish the record: no node of the DHT answered");
    }
    const acks = await this.#put(Math.max(0, ...seen), signal);
    if (isEnough(acks, holders)) return undefined;
    return failed(`${acks.count} of ${holders.list.length} nodes accepted it`, acks.errors[0]);
  }

  /**
   * The number of a record of ours that a node holds. It takes none with a smaller one, so we must exceed it, also where a
   * clock that was wrong put it into the future.
   */
  #seqOf(reply: Reply): number {
    return verifyItem(reply.item, this.#options.identity.publicKey)?.seq ?? 0;
  }

  async #put(seen: number, signal: AbortSignal): Promise<Acks> {
    const { clock, describe, dht, holders, identity, wallClock } = this.#options;
    const seq = Math.max(Math.floor(wallClock() * 1000), seen + 1, (this.#item?.seq ?? 0) + 1);
    const item = signItem(identity, seq, encodeRecord(identity.publicKey, describe()));
    this.#item = item;
    this.#acknowledgements = 0;
    const writes = holders.writable.map(async ({ contact, token }) => {
      await dht.put(contact, token, item, { signal });
      if (this.#item === item) this.#acknowledgements++;
    });
    return await countAcks(writes, clock, signal);
  }

  #report(error: PeerError | undefined): void {
    const { onPublished } = this.#options;
    try {
      if (error) onPublished(this.#acknowledgements, error);
      else onPublished(this.#acknowledgements);
    } catch {
      // somebody else's mistake must not end publishing
    }
  }
}

function isEnough({ count }: Acks, holders: Holders): boolean {
  return count > 0 && count >= Math.min(QUORUM, holders.list.length);
}

function failed(reason: string, cause: unknown): PeerError {
  return new PeerError("publish-failed", `Cannot publish the record: ${reason}`, { cause });
}
