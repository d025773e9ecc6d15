/**
 * Observers in the DHT: serving peers that anybody can reach, and that tell whoever asks them over TCP how they see him.
 * They are peers announced (BEP 5) under one well-known info hash. A node may name anybody, so only those count that most of
 * the closest nodes name; a lie that gets through costs whoever believes it a SYN in vain.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { abortable } from "@std/async";
import { type Endpoint, formatEndpoint, operatorPrefix } from "../endpoint.ts";
import { countAcks } from "./_acks.ts";
import { type Clock, pause } from "./clock.ts";
import { isPlausible } from "./contacts.ts";
import { closestReplies } from "./shortlist.ts";
import type { Dht, Reply } from "./types.ts";

/** More than anybody asks at once; some are gone. */
export const MAX_OBSERVERS = 8;
/** Ports below belong to services that nobody shall be sent to; web servers are used to strangers. */
const LEAST_PORT = 1024;
const WEB_PORTS: readonly number[] = [80, 443];

/** Nodes forget announcements after 30 min. */
export const ANNOUNCE_MS = 15 * 60_000;
const RETRY_MS = 60_000;
/** How long an answer holds; for none, until somebody may have come. */
const FOUND_MS = 10 * 60_000;
const NONE_FOUND_MS = 30_000;

/** Where observers are announced: 20 bytes. */
export function observersHash(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha1").update("skip observer v1").digest());
}

/** What finding and announcing needs. */
export interface ObserversOptions {
  readonly dht: Pick<Dht, "online" | "walk" | "announcePeer">;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Walks once, and gives at most {@linkcode MAX_OBSERVERS} that most of the closest nodes name, each in a /16 of its own.
 * Rejects only with `signal.reason`.
 */
export async function findObservers({ dht, clock, signal }: ObserversOptions): Promise<Endpoint[]> {
  const target = observersHash();
  const heard: Reply[] = [];
  const settled = Promise.withResolvers<void>();
  const onReply = (reply: Reply) => void heard.push(reply);
  const walk = dht.walk("get_peers", target, { signal, onReply, onSettled: settled.resolve });
  await Promise.race([walk, settled.promise]);
  const words = closestReplies(heard, target).map(({ from, values }) => {
    const usable = values.filter((value) => isUsable(value) && isPlausible(value, from));
    return new Map(usable.map((value) => [formatEndpoint(value), value]));
  });
  const named = new Map(words.flatMap((word) => [...word]));
  const believed = [...named].filter(([key]) =>
    words.filter((word) => word.has(key)).length > words.length / 2
  );
  return choose(believed.map(([, endpoint]) => endpoint), clock);
}

function isUsable({ port }: Endpoint): boolean {
  return port >= LEAST_PORT || WEB_PORTS.includes(port);
}

/** Some of them, so that not everybody asks the same ones, each in a network of its own. */
function choose(endpoints: readonly Endpoint[], clock: Clock): Endpoint[] {
  const chosen = new Map<string, Endpoint>();
  for (const one of shuffled(endpoints, clock)) {
    const network = operatorPrefix(one.hostname);
    if (!chosen.has(network) && chosen.size < MAX_OBSERVERS) chosen.set(network, one);
  }
  return [...chosen.values()];
}

function shuffled<T>(all: readonly T[], { random }: Clock): T[] {
  const keyed = all.map((one) => ({ one, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ one }) => one);
}

/** Finds observers when they are asked for, and remembers them. */
export class ObserverFinder {
  readonly #options: ObserversOptions;
  #found: readonly Endpoint[] = [];
  #until = -Infinity;
  #walk: Promise<readonly Endpoint[]> | undefined;

  /** Walks until `signal` aborts. */
  constructor(options: ObserversOptions) {
    this.#options = options;
  }

  /** What is known, or what a walk finds. Rejects only with `signal.reason`, or that of the finder. */
  async find(signal?: AbortSignal): Promise<readonly Endpoint[]> {
    signal?.throwIfAborted();
    if (this.#options.clock.now() < this.#until) return this.#found;
    const walk = this.#walk ??= this.#look().finally(() => this.#walk = undefined);
    return await (signal ? abortable(walk, signal) : walk);
  }

  async #look(): Promise<readonly Endpoint[]> {
    this.#found = await findObservers(this.#options);
    const lifetime = this.#found.length > 0 ? FOUND_MS : NONE_FOUND_MS;
    this.#until = this.#options.clock.now() + lifetime;
    return this.#found;
  }
}

/** Announces our TCP port as that of an observer, and again before nodes forget it, until aborted. Never rejects. */
export async function announceObserver(port: number, options: ObserversOptions): Promise<void> {
  const { clock, dht, signal } = options;
  try {
    for (;;) {
      await dht.online({ signal });
      const holders = await dht.walk("get_peers", observersHash(), { signal });
      const writes = holders.filter((h) => h.token)
        .map((h) => dht.announcePeer(h.from, h.token!, observersHash(), port, { signal }));
      const { count } = await countAcks(writes, clock, signal);
      await pause(clock, count > 0 ? ANNOUNCE_MS * (0.9 + clock.random() / 5) : RETRY_MS, signal);
    }
  } catch {
    // aborted, or the node is closed: that is how it ends
  }
}
