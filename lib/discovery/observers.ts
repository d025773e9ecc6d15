/**
 * Observers in the DHT: serving peers that anybody can reach, and that tell whoever asks them over TCP how they see him.
 * They are peers announced (BEP 5) under one well-known info hash. A lie costs whoever believes it a SYN in vain.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Endpoint, operatorPrefix } from "../endpoint.ts";
import { countAcks } from "./_acks.ts";
import { abortable } from "./bootstrap.ts";
import { type Clock, pause } from "./clock.ts";
import { isPlausible } from "./contacts.ts";
import type { Dht, Reply } from "./types.ts";

/** More than anybody asks at once; some are gone. */
export const MAX_OBSERVERS = 8;
/** What one node says counts for no more than what each of seven others says. */
const MAX_FROM_ONE_NODE = MAX_OBSERVERS;
/** Nodes that must have named some before a walk ends early. */
const ENOUGH_NODES = 3;
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

/** Walks once, and gives at most {@linkcode MAX_OBSERVERS}, each in a /16 of its own. Rejects only with `signal.reason`. */
export async function findObservers({ dht, clock, signal }: ObserversOptions): Promise<Endpoint[]> {
  const told: Endpoint[][] = [];
  const onReply = ({ from, values }: Reply) => {
    const usable = values.filter((value) => isUsable(value) && isPlausible(value, from));
    if (usable.length > 0) told.push(sample(usable, MAX_FROM_ONE_NODE, clock));
    return told.length >= ENOUGH_NODES && choose(told).length === MAX_OBSERVERS;
  };
  await dht.walk("get_peers", observersHash(), { signal, onReply });
  return choose(told);
}

function isUsable({ port }: Endpoint): boolean {
  return port >= LEAST_PORT || WEB_PORTS.includes(port);
}

/** From each node in turn, so that none of them decides alone. */
function choose(told: readonly (readonly Endpoint[])[]): Endpoint[] {
  const chosen = new Map<string, Endpoint>();
  for (let i = 0; i < MAX_FROM_ONE_NODE; i++) {
    for (const list of told) {
      const one = list[i];
      const network = one && operatorPrefix(one.hostname);
      if (one && network && !chosen.has(network) && chosen.size < MAX_OBSERVERS) chosen.set(network, one);
    }
  }
  return [...chosen.values()];
}

/** Some of them, so that not everybody asks the same ones. */
function sample(all: readonly Endpoint[], count: number, { random }: Clock): Endpoint[] {
  const rest = [...all];
  const taken: Endpoint[] = [];
  while (taken.length < count && rest.length > 0) {
    taken.push(...rest.splice(Math.floor(random() * rest.length), 1));
  }
  return taken;
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
    return await abortable(this.#walk ??= this.#look().finally(() => this.#walk = undefined), signal);
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
