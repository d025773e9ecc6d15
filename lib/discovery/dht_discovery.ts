/**
 * Discovery over the BitTorrent DHT.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import type { Identity } from "../identity/mod.ts";
import { isEndpointIndependent } from "../nat.ts";
import { Recent } from "./_limits.ts";
import { ProofGiver } from "./address_proof.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { targetOf } from "./item.ts";
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
  Reply,
  Resolution,
  ServiceDescription,
  ServiceRecord,
} from "./types.ts";
import { announceWidely, findJury } from "./wide_knock.ts";

/** Nodes keep an announcement for half an hour; our NAT may give us another port meanwhile. */
const NAMED_MS = 60_000;
const MAX_NAMED = 256;

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
  /** Looked for as soon as it is likely that they are needed. */
  readonly #juries = new WeakMap<Resolution, Promise<readonly Reply[]>>();
  readonly #observers: ObserverFinder;
  readonly #proofs: ProofGiver;
  readonly #named: Recent;
  #closed: Promise<void> | undefined;

  /** Takes over `dht`. */
  constructor(dht: Dht, options: Pick<DiscoveryOptions, "clock" | "wallClock"> = {}) {
    this.#dht = dht;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#wallClock = options.wallClock ?? Date.now;
    this.#named = new Recent(MAX_NAMED, NAMED_MS, () => this.#clock.now());
    this.#proofs = new ProofGiver(() => this.#clock.now());
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
    this.#findJury(found.resolution, signal);
    return found.resolution;
  }

  /** Where one of the NATs will let no question in, so that nothing is to be found out between the knock and the first SYN. */
  #findJury(resolution: Resolution, signal: AbortSignal | undefined): void {
    const { publicKey, record } = resolution;
    const seenAs = new Set(this.observations().map(({ observed }) => formatEndpoint(observed)));
    if (seenAs.size <= 1 && isEndpointIndependent(record.nat)) return;
    const jury = findJury(targetOf(publicKey), { dht: this.#dht, signal: this.#until(signal) });
    this.#juries.set(resolution, jury);
    this.#track(jury);
  }

  async knock(
    resolution: Resolution,
    content: KnockContent,
    { identity, signal }: { identity: Identity; signal?: AbortSignal },
  ): Promise<number> {
    const found = this.#found.get(resolution);
    const jury = this.#juries.get(resolution);
    this.#juries.delete(resolution); // the next knock wants fresh tokens
    const options = {
      ...{ dht: this.#dht, clock: this.#clock, wallClock: this.#wallClock, identity },
      signal: this.#until(signal),
      named: this.#named,
      holders: found?.holders ?? Promise.resolve([]),
      ...(found && { follow: found.follow }),
    };
    options.signal.throwIfAborted();
    const { publicKey, record } = resolution;
    if (record.dht) this.#proofs.expect(targetOf(publicKey), content.port, record.dht.hostname);
    this.#track(sealedKnock(resolution, content, options));
    this.#track(announceWidely(resolution, content, { ...options, ...(jury && { jury }) }));
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
    const answer = this.#proofs.answer(data, from);
    if (answer) return this.#dht.sendDatagram(from, answer);
    const box = boxOf(data);
    for (const publication of this.#publications) {
      if (box) publication.datagram(box, from);
      else publication.answered(data, from);
    }
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
