import { abortable } from "@std/async";
import { keyOf, watchCandidates } from "./_candidate_watch.ts";
import type { LocalCandidates } from "./candidates/mod.ts";
import type { Discovery, Knock, Publication, ServiceDescription } from "./discovery/mod.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Gate } from "./_gate.ts";
import type { Identity } from "./identity/mod.ts";
import { KnockAnswerer } from "./_knock_answerer.ts";
import type { ObserverAnnouncer } from "./_observer_announcer.ts";
import { OwnNetwork } from "./_own_network.ts";
import type { OnProgress } from "./progress.ts";
import { PUNCH_WINDOW_MS, type PunchPort } from "./punch/mod.ts";

/** What a {@linkcode PublishedService} works with. */
export interface PublishedServiceOptions {
  readonly discovery: Discovery;
  readonly identity: Identity;
  readonly port: PunchPort;
  readonly announcer: ObserverAnnouncer;
  /** STUN servers, by name or address. */
  readonly servers: readonly Endpoint[];
  /** Whether the router may be asked to map the port. */
  readonly portMapping: boolean;
  readonly gate: Gate;
  readonly report: OnProgress;
}

/** What whoever knocked is to know, and since when. */
interface Told {
  readonly ports: readonly number[];
  readonly at: number;
}

/** The service as others find it: its record, which says what is true of us now, and the answers to their knocks. */
export class PublishedService implements AsyncDisposable {
  readonly #options: PublishedServiceOptions;
  readonly #stack = new AsyncDisposableStack();
  readonly #own: OwnNetwork;
  readonly #knocks: KnockAnswerer;
  readonly #publication = Promise.withResolvers<Publication>();
  /** What the newest record says, as {@linkcode keyOf} puts it. */
  #published = "";
  #told: Told | undefined;
  #onPublished = () => {};

  constructor(options: PublishedServiceOptions) {
    this.#options = options;
    const gather = () => this.#own.gather();
    const onChange = () => keyOf(gather()) === this.#published || this.#urge();
    this.#own = this.#stack.use(new OwnNetwork({ ...options, onChange }));
    this.#knocks = this.#stack.use(
      new KnockAnswerer({
        ...{ ...options, vantage: gather },
        servers: () => this.#own.observers(),
        answer: (ports) => this.#tell(ports),
      }),
    );
  }

  /** Punches towards whoever knocks, also before anything is published. */
  answer(knock: Knock): void {
    this.#knocks.answer(knock);
  }

  /**
   * Publishes, and does so again whenever something has changed, until disposed of; once a lookup finds what is true of us.
   * Rejects with `PeerError` `publish-failed`, or with `signal.reason`.
   */
  async publish(signal: AbortSignal | undefined): Promise<void> {
    const { discovery, identity, report } = this.#options;
    const publication = await discovery.publish(identity, () => this.#describe(), {
      ...(signal ? { signal } : {}),
      onKnock: (knock) => this.answer(knock),
      onPublished: (acknowledgements, error) => {
        report({ type: "published", acknowledgements, ...(error ? { code: "publish-failed" } : {}) });
        this.#onPublished();
      },
    });
    this.#publication.resolve(this.#stack.use(publication));
    if (await this.#look()) await this.#publishAgain(signal);
    signal?.throwIfAborted();
    this.#stack.use(watchCandidates({
      ...{ publication, report },
      gather: () => this.#own.gather(),
      look: () => this.#look(),
      published: () => this.#published,
    }));
  }

  /** At once, as it says what is not true any more, or not what somebody waits for. */
  #urge() {
    void this.#publication.promise.then((publication) => publication.update({ urgent: true }));
  }

  async #publishAgain(signal: AbortSignal | undefined) {
    const again = Promise.withResolvers<void>();
    this.#onPublished = again.resolve;
    this.#urge();
    await (signal ? abortable(again.promise, signal) : again.promise);
  }

  #tell(ports: readonly number[]) {
    this.#told = { ports, at: performance.now() };
    this.#urge();
  }

  #look(): Promise<boolean> {
    this.#options.announcer.update();
    return this.#own.look();
  }

  #describe(): ServiceDescription {
    const local = this.#own.gather();
    this.#published = keyOf(local);
    return describe(local, this.#told);
  }

  /** Answers no more knocks; what is published is not renewed, and the router's mapping ends. */
  async [Symbol.asyncDispose]() {
    await this.#stack.disposeAsync();
  }
}

function describe({ candidates, nat, observed }: LocalCandidates, told?: Told): ServiceDescription {
  const isNew = told && performance.now() - told.at < PUNCH_WINDOW_MS;
  return {
    ...{ candidates, nat },
    ...(observed ? { dht: observed } : {}),
    ...(isNew ? { ports: told.ports } : {}),
  };
}
