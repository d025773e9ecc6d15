/**
 * A service in the DHT: its record is published, its knocks are watched, until closed.
 *
 * @module
 */
import { type Endpoint, subscriberPrefix } from "../endpoint.ts";
import type { Identity } from "../identity/mod.ts";
import { isEndpointIndependent, natOf } from "../nat.ts";
import { Budget, Budgets, type Rate } from "./_limits.ts";
import { Announcements } from "./announcements.ts";
import type { Clock } from "./clock.ts";
import { Holders } from "./holders.ts";
import { targetOf } from "./item.ts";
import { Jury } from "./jury.ts";
import { KnockFilter } from "./knock_filter.ts";
import { KnockWatcher } from "./knocks.ts";
import { ListWatcher } from "./list_watcher.ts";
import { Publisher } from "./publisher.ts";
import { generateSealKeys, KnockOpener, type SealKeys } from "./seal.ts";
import type {
  Dht,
  Knock,
  Publication,
  PublishOptions,
  Reply,
  ServiceDescription,
  ServiceRecord,
} from "./types.ts";

/** Boxes to open costs a fraction of a millisecond each: by datagram, which anybody can send, and from lists. */
const DATAGRAMS: Rate = { burst: 32, perSecond: 16 };
const DATAGRAMS_PER_ADDRESS: Rate = { burst: 4, perSecond: 0.5 };
const LISTED: Rate = { burst: 64, perSecond: 16 };
const MAX_ADDRESSES = 1024;

/** What a {@linkcode DhtPublication} works with. */
export interface PublicationOptions extends PublishOptions {
  readonly dht: Dht;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly identity: Identity;
  readonly describe: () => ServiceDescription;
  /** Called once it is closed. */
  readonly onClosed: (publication: DhtPublication) => void;
}

/** One published service. */
export class DhtPublication implements Publication {
  readonly #options: PublicationOptions;
  readonly #holders = new Holders();
  readonly #publisher: Publisher;
  readonly #filter: KnockFilter;
  readonly #announcements: Announcements;
  readonly #jury: Jury;
  readonly #opener: KnockOpener;
  readonly #lists: ListWatcher;
  readonly #datagrams: Budget;
  readonly #datagramsPerAddress: Budgets;
  readonly #listed: Budget;
  readonly #closing = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  #watcher: KnockWatcher | undefined;
  #own: readonly Endpoint[] = [];
  #nat = natOf("unknown");
  #closed: Promise<void> | undefined;

  /** Makes a publication that does nothing yet. */
  private constructor(options: PublicationOptions, keys: SealKeys) {
    const { clock, dht, identity, wallClock } = options;
    const { publicKey } = identity;
    const now = () => clock.now();
    this.#options = options;
    this.#datagrams = new Budget(DATAGRAMS, now);
    this.#datagramsPerAddress = new Budgets(DATAGRAMS_PER_ADDRESS, MAX_ADDRESSES, now);
    this.#listed = new Budget(LISTED, now);
    this.#opener = new KnockOpener(publicKey, keys, wallClock);
    this.#publisher = new Publisher({
      ...{ dht, clock, wallClock, identity, holders: this.#holders },
      describe: () => this.#describe(keys.publicKey),
      onPublished: (count, error) =>
        error ? options.onPublished?.(count, error) : options.onPublished?.(count),
    });
    this.#filter = new KnockFilter({
      now,
      observations: () => dht.observations(),
      own: () => this.#own,
      onKnock: (knock) => this.#knocked(knock),
    });
    this.#jury = new Jury({ dht, clock, target: targetOf(publicKey), signal: this.#closing.signal });
    this.#announcements = new Announcements({
      clock,
      target: targetOf(publicKey),
      voters: () => this.#holders.list.map(({ contact }) => contact),
      canAsk: () => isEndpointIndependent(this.#nat),
      mayPunch: (endpoint, from) => this.#filter.mayPunch(endpoint, from),
      send: (to, data) => dht.sendDatagram(to, data),
      confirm: () => this.#watcher?.confirm(),
      jury: () => this.#jury.hear(),
      onProven: (endpoints, from) => this.#filter.announced(endpoints, from),
    });
    this.#lists = new ListWatcher({
      ...{ dht, clock, wallClock, publicKey },
      onBox: (box, from) => this.#listed.take() && this.#open(box, "sealed", from),
    });
  }

  /** Publishes, and begins to watch. Rejects like `Discovery.publish()`. */
  static async start(options: PublicationOptions): Promise<DhtPublication> {
    options.signal?.throwIfAborted();
    const publication = new DhtPublication(options, await generateSealKeys());
    try {
      await publication.#publisher.start(publication.#until(options.signal));
    } catch (error) {
      await publication.close();
      throw error;
    }
    publication.#run();
    return publication;
  }

  get acknowledgements(): number {
    return this.#publisher.acknowledgements;
  }

  update(options?: { urgent?: boolean }): void {
    this.#publisher.update(options);
  }

  /** A datagram that is not KRPC came in on the DHT's socket: maybe a sealed knock. Never throws. */
  datagram(box: Uint8Array, from: Endpoint): void {
    if (this.#closing.signal.aborted) return;
    this.#announcements.knockedAgain(from);
    if (this.#datagrams.isEmpty || !this.#datagramsPerAddress.take(subscriberPrefix(from.hostname))) return;
    this.#datagrams.take();
    this.#open(box, "datagram", from, () => this.#announcements.knocked(from));
  }

  /** A datagram that is neither: maybe the answer of somebody who knocks. Never throws. */
  answered(data: Uint8Array, from: Endpoint): void {
    if (!this.#closing.signal.aborted) this.#announcements.datagram(data, from);
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort(new DOMException("The publication is closed", "AbortError"));
    await this.#watcher?.[Symbol.asyncDispose]();
    this.#announcements[Symbol.dispose]();
    await this.#lists[Symbol.asyncDispose]();
    await Promise.all(this.#tasks);
    this.#options.onClosed(this);
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }

  #run(): void {
    const { clock, dht, identity } = this.#options;
    if (this.#closing.signal.aborted) return;
    this.#watcher = new KnockWatcher({
      ...{ dht, clock, target: targetOf(identity.publicKey), holders: this.#holders },
      onPeers: (reply) => this.#announcements.heard(reply),
      onWalk: (replies) => this.#renew(replies),
    });
    this.#background(this.#publisher.run(this.#closing.signal));
    this.#background(this.#lists.walk());
    this.#background(this.#jury.keepReady());
  }

  /** Nodes that became the closest ones get the record now and not in half an hour. */
  async #renew(replies: readonly Reply[]): Promise<void> {
    const wereSilent = this.#holders.list.length === 0;
    const newcomers = this.#holders.replace(replies);
    if (wereSilent) this.#publisher.update(); // we were cut off: the record may be gone everywhere
    else await this.#publisher.extend(newcomers, this.#closing.signal);
    await this.#lists.walk();
  }

  #describe(sealKey: Uint8Array): ServiceRecord {
    const record = this.#options.describe();
    this.#own = [...record.candidates, ...(record.dht ? [record.dht] : [])];
    this.#nat = record.nat;
    return { ...record, sealKey };
  }

  #knocked(knock: Knock): void {
    if (this.#closing.signal.aborted) return;
    this.#watcher?.heat();
    if (knock.via === "announce") this.#lists.look();
    this.#options.onKnock(knock);
  }

  #open(box: Uint8Array, via: "sealed" | "datagram", from: Endpoint, onOpened?: () => void): void {
    if (this.#closing.signal.aborted) return;
    this.#background(
      this.#opener.open(box).then((knock) => {
        if (!knock || this.#closing.signal.aborted) return;
        onOpened?.();
        this.#filter.sealed(knock, via, from);
      }),
    );
  }

  /** For what only ends by closing, or fails without harm. */
  #background(task: Promise<unknown>): void {
    const settled = task.then(() => {}, () => {}).finally(() => this.#tasks.delete(settled));
    this.#tasks.add(settled);
  }
}
