/**
 * The watcher: asks the nodes closest to a record, again and again, who has announced himself there.
 *
 * @module
 */
import { type Clock, pause } from "./clock.ts";
import type { Holder, Holders } from "./holders.ts";
import { KrpcError } from "./krpc.ts";
import type { Dht, Reply } from "./types.ts";

/** Each node is polled no more often; libtorrent bans an address at 50 messages in 10 s. */
export const NODE_INTERVAL_MS = 1_000;
/** Between polls of any node: eight nodes, each once a second. Where there are more, each has its turn later. */
const MIN_INTERVAL_MS = 125;
/** Between polls of any node when nobody has knocked for a while: 100 a minute, which leaves room for the walks. */
export const IDLE_INTERVAL_MS = 600;
/** Between two polls of a node of which one is out of turn. */
const CONFIRM_INTERVAL_MS = 100;
/** After the start somebody is likely waiting for us. */
export const HOT_AFTER_START_MS = 10 * 60_000;
/** After a knock the same peer may try again. */
export const HOT_AFTER_KNOCK_MS = 2 * 60_000;
/** Between walks, which find nodes that came and went. */
export const WALK_INTERVAL_MS = 2 * 60_000;
/** Between walks when some node fell silent, and when half of them did. */
const REPAIR_INTERVAL_MS = 30_000;
const URGENT_INTERVAL_MS = 10_000;

/** What a {@linkcode KnockWatcher} needs. */
export interface KnockWatcherOptions {
  readonly dht: Dht;
  readonly clock: Clock;
  readonly target: Uint8Array;
  readonly holders: Holders;
  /** Each answer with peers in it. */
  readonly onPeers: (reply: Reply) => void;
  /** After each walk that found somebody, with what it found. */
  readonly onWalk: (replies: readonly Reply[]) => Promise<void>;
}

/**
 * Polls are spread evenly: while hot, each of eight nodes is asked once a second, so one of them every 125 ms;
 * since a knock goes to all of them, it is seen within that time and a round trip.
 */
export class KnockWatcher implements AsyncDisposable {
  readonly #options: KnockWatcherOptions;
  readonly #closing = new AbortController();
  readonly #polls = new Set<Promise<void>>();
  readonly #loops: Promise<unknown>;
  #hotUntil: number;
  #walkedAt: number;
  #wanted = 0;

  /** Begins to poll at once: somebody has just walked. */
  constructor(options: KnockWatcherOptions) {
    const now = options.clock.now();
    this.#options = options;
    this.#hotUntil = now + HOT_AFTER_START_MS;
    this.#walkedAt = now;
    this.#wanted = options.holders.list.length;
    const { signal } = this.#closing;
    this.#loops = Promise.allSettled([this.#pollForever(signal), this.#walkForever(signal)]);
  }

  /** Somebody knocked: look more often for a while. */
  heat(): void {
    const until = this.#options.clock.now() + HOT_AFTER_KNOCK_MS;
    this.#hotUntil = Math.max(this.#hotUntil, until);
  }

  /** Polls all nodes now, but those that have just been: what one of them says, others shall confirm. */
  confirm(): void {
    const { clock, holders } = this.#options;
    for (const holder of holders.list) {
      if (clock.now() - holder.polledAt >= CONFIRM_INTERVAL_MS) this.#ask(holder, this.#closing.signal);
    }
  }

  /** Stops, and waits for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#loops;
    await Promise.all(this.#polls);
  }

  async #pollForever(signal: AbortSignal): Promise<never> {
    for (let at = this.#options.clock.now();;) {
      const { clock, holders } = this.#options;
      const now = clock.now();
      const holder = holders.next();
      const nodeDue = holder ? holder.polledAt + NODE_INTERVAL_MS : now + NODE_INTERVAL_MS;
      // Not after the last poll but after the moment when it was due: timers are late, and that adds up.
      const due = Math.max(at + this.#interval(), nodeDue);
      if (due > now) await pause(clock, due - now, signal);
      at = Math.max(due, now - NODE_INTERVAL_MS);
      this.#poll(signal);
    }
  }

  #interval(): number {
    const { clock, holders } = this.#options;
    const evenly = Math.max(MIN_INTERVAL_MS, NODE_INTERVAL_MS / Math.max(1, holders.list.length));
    return clock.now() < this.#hotUntil ? evenly : Math.max(IDLE_INTERVAL_MS, evenly);
  }

  #poll(signal: AbortSignal): void {
    const { clock, holders } = this.#options;
    const holder = holders.next();
    if (!holder || clock.now() - holder.polledAt < NODE_INTERVAL_MS - 1) return;
    this.#ask(holder, signal);
  }

  #ask(holder: Holder, signal: AbortSignal): void {
    const { clock, dht, target } = this.#options;
    if (signal.aborted) return;
    holder.polledAt = clock.now();
    const poll = dht.getPeers(holder.contact, target, { signal })
      .then((reply) => this.#take(reply), (error) => this.#miss(holder.contact, error))
      .finally(() => this.#polls.delete(poll));
    this.#polls.add(poll);
  }

  #take(reply: Reply): void {
    if (this.#closing.signal.aborted) return;
    this.#options.holders.heard(reply);
    if (reply.values.length > 0) this.#options.onPeers(reply);
  }

  #miss(node: Reply["from"], error: unknown): void {
    const isNodesFault = error instanceof KrpcError || (error as Error)?.name === "TimeoutError";
    if (isNodesFault) this.#options.holders.silent(node);
  }

  async #walkForever(signal: AbortSignal): Promise<never> {
    for (;;) {
      await pause(this.#options.clock, URGENT_INTERVAL_MS * (0.9 + this.#options.clock.random() / 5), signal);
      if (!this.#isWalkDue()) continue;
      await this.#walk(signal).catch(() => signal.throwIfAborted()); // a closed node: the owner closes us too
    }
  }

  #isWalkDue(): boolean {
    const { clock, holders } = this.#options;
    const { length } = holders.list;
    if (length <= this.#wanted / 2) return true;
    const interval = length < this.#wanted ? REPAIR_INTERVAL_MS : WALK_INTERVAL_MS;
    return clock.now() - this.#walkedAt >= interval;
  }

  async #walk(signal: AbortSignal): Promise<void> {
    const { clock, dht, onPeers, onWalk, target } = this.#options;
    await dht.online({ signal });
    this.#walkedAt = clock.now();
    const onReply = (reply: Reply) => {
      if (reply.values.length > 0) onPeers(reply);
    };
    const replies = await dht.walk("get_peers", target, { signal, onReply });
    if (replies.length === 0) return;
    this.#wanted = replies.length;
    await onWalk(replies);
  }
}
