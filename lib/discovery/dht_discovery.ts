/**
 * Discovery over the BitTorrent DHT.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Identity } from "../identity/mod.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { announceKnock, boxOf, sealedKnock } from "./knocker.ts";
import { DhtNode, type DhtNodeOptions } from "./node.ts";
import { announceObserver, ObserverFinder } from "./observers.ts";
import { DhtPublication } from "./publication.ts";
import { watchRecord } from "./record_watcher.ts";
import { type Found, resolveRecord } from "./resolver.ts";
import type {
  Dht,
  Discovery,
  KnockContent,
  Observation,
  Publication,
  PublishOptions,
  Resolution,
  ServiceDescription,
  ServiceRecord,
} from "./types.ts";

/** Options of {@linkcode openDiscovery}. */
export interface DiscoveryOptions extends DhtNodeOptions {
  /** Milliseconds since 1970, for tests. @default {Date.now} */
  readonly wallClock?: () => number;
}

/**
 * Opens a node of the DHT, and discovery over it. No network is no error: see `online()`.
 *
 * @throws {RangeError} If a port is out of range.
 * @throws {Deno.errors.AddrInUse} If the port is taken.
 */
export async function openDiscovery(options: DiscoveryOptions): Promise<DhtDiscovery> {
  return new DhtDiscovery(await DhtNode.open(options), options);
}

/** Discovery over a node that it owns. */
export class DhtDiscovery implements Discovery {
  readonly #dht: Dht;
  readonly #clock: Clock;
  readonly #wallClock: () => number;
  readonly #publications = new Set<DhtPublication>();
  readonly #closing = new AbortController();
  readonly #background = new Set<Promise<unknown>>();
  /** Walks that went on after their record was found. */
  readonly #found = new WeakMap<Resolution, Found>();
  readonly #observers: ObserverFinder;
  #closed: Promise<void> | undefined;

  /** Takes over `dht`. */
  constructor(dht: Dht, options: Pick<DiscoveryOptions, "clock" | "wallClock"> = {}) {
    this.#dht = dht;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#wallClock = options.wallClock ?? Date.now;
    this.#observers = new ObserverFinder({ dht, clock: this.#clock, signal: this.#closing.signal });
    dht.onDatagram = (data, from) => this.#datagram(data, from);
  }

  /** The node below, for its counters. */
  get dht(): Dht {
    return this.#dht;
  }

  get port(): number {
    return this.#dht.port;
  }

  observations(): readonly Observation[] {
    return this.#dht.observations();
  }

  unresolved(): readonly string[] {
    return this.#dht.unresolved();
  }

  async online(options?: { signal?: AbortSignal }): Promise<void> {
    await this.#dht.online(options);
  }

  async publish(
    identity: Identity,
    describe: () => ServiceDescription,
    options: PublishOptions,
  ): Promise<Publication> {
    const publication = await DhtPublication.start({
      ...options,
      ...{ dht: this.#dht, clock: this.#clock, wallClock: this.#wallClock, identity, describe },
      signal: this.#until(options.signal),
      onClosed: (publication) => this.#publications.delete(publication),
    });
    this.#publications.add(publication);
    if (this.#closing.signal.aborted) await publication.close(); // closed in between
    this.#closing.signal.throwIfAborted();
    return publication;
  }

  async resolve(publicKey: Uint8Array, { signal }: { signal?: AbortSignal } = {}): Promise<Resolution> {
    const found = await resolveRecord(publicKey, {
      ...{ dht: this.#dht, clock: this.#clock, wallClock: this.#wallClock },
      signal: this.#until(signal),
    });
    this.#found.set(found.resolution, found);
    this.#track(found.holders);
    return found.resolution;
  }

  async knock(
    resolution: Resolution,
    content: KnockContent,
    { identity, signal }: { identity: Identity; signal?: AbortSignal },
  ): Promise<number> {
    const found = this.#found.get(resolution);
    const options = {
      ...{ dht: this.#dht, clock: this.#clock, wallClock: this.#wallClock, identity },
      signal: this.#until(signal),
      holders: found?.holders ?? Promise.resolve([]),
      ...(found && { follow: found.follow }),
    };
    options.signal.throwIfAborted();
    this.#track(sealedKnock(resolution, content, options));
    return await announceKnock(resolution, content, options);
  }

  async watch(
    resolution: Resolution,
    { signal, onRecord }: { signal: AbortSignal; onRecord: (record: ServiceRecord, seq: number) => void },
  ): Promise<void> {
    const found = this.#found.get(resolution);
    const watching = watchRecord(resolution, {
      ...{ dht: this.#dht, clock: this.#clock, wallClock: this.#wallClock, onRecord },
      signal: this.#until(signal),
      ...(found && { holders: found.holders, follow: found.follow }),
    });
    this.#track(watching);
    await watching;
  }

  async observers({ signal }: { signal?: AbortSignal } = {}): Promise<readonly Endpoint[]> {
    const finding = this.#observers.find(this.#until(signal));
    this.#track(finding);
    return await finding;
  }

  announceObserver(port: number): AsyncDisposable {
    const over = new AbortController();
    const signal = this.#until(over.signal);
    const announcing = announceObserver(port, { dht: this.#dht, clock: this.#clock, signal });
    this.#track(announcing);
    return {
      [Symbol.asyncDispose]() {
        over.abort(new DOMException("The observer is announced no longer", "AbortError"));
        return announcing;
      },
    };
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort(new DOMException("Discovery is closed", "AbortError"));
    await Promise.all([...this.#publications].map((publication) => publication.close()));
    await Promise.all(this.#background);
    await this.#dht.close();
  }

  #datagram(data: Uint8Array, from: Endpoint): void {
    const box = boxOf(data);
    if (!box) return;
    for (const publication of this.#publications) publication.datagram(box, from);
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }

  /** For what may fail without harm, but must be over before the node is closed. */
  #track(task: Promise<unknown>): void {
    const settled = task.then(() => {}, () => {}).finally(() => this.#background.delete(settled));
    this.#background.add(settled);
  }
}
