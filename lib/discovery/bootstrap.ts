/**
 * Gets into the DHT, and back into it after the network was away.
 *
 * @module
 */
import { abortable } from "@std/async";
import type { Endpoint } from "../endpoint.ts";
import { type Clock, pause } from "./clock.ts";

/**
 * Public nodes to begin with, run by libtorrent, Transmission, Ouinet and pkarr. The two others that most
 * software lists have been dead for years.
 */
export const PUBLIC_BOOTSTRAP: readonly Endpoint[] = [
  { hostname: "dht.libtorrent.org", port: 25401 },
  { hostname: "dht.transmissionbt.com", port: 6881 },
  { hostname: "router.bt.ouinet.work", port: 6881 },
  { hostname: "relay.pkarr.org", port: 6881 },
];

/** Short: a single lost packet must not cost a second. */
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;
/** Questions in a row without any answer, over at least this time, mean that the network is away. */
const SILENT_QUESTIONS = 8;
const SILENT_MS = 5_000;

/** What {@linkcode Bootstrap} needs. */
export interface BootstrapDeps {
  readonly clock: Clock;
  /** Where to begin; names or addresses. */
  readonly endpoints: readonly Endpoint[];
  /** All addresses of a name; rejects only with `signal.reason`. */
  resolve(name: string, signal: AbortSignal): Promise<string[]>;
  /** An address to begin with became known. */
  onPlace(place: Endpoint): void;
  /** Looks for neighbours; resolves when it is done, with or without success. */
  join(signal: AbortSignal): Promise<void>;
  /** No more places will turn up, or no more neighbours. */
  onSettled(): void;
  /** The network went away. */
  onOffline(): void;
}

/** Keeps a node online, from the background, until stopped. */
export class Bootstrap {
  readonly #deps: BootstrapDeps;
  readonly #stop = new AbortController();
  readonly #places = new Map<string, readonly Endpoint[]>();
  readonly #alone: boolean;
  #online = false;
  #change = Promise.withResolvers<void>();
  #silent = 0;
  #heardAt: number;
  #resolving = false;
  #joining = false;
  #running: Promise<void> | undefined;

  /** @param alone Whether there is nobody to ask, which is fine: others will come. */
  constructor(deps: BootstrapDeps, alone: boolean) {
    this.#deps = deps;
    this.#alone = alone;
    this.#heardAt = deps.clock.now();
  }

  /** Begins; never throws, safe to run in the background. */
  start(): void {
    this.#running ??= this.#run().catch((error) => {
      if (!this.#stop.signal.aborted) throw error;
    });
  }

  /** Ends; who waits for {@linkcode Bootstrap.online} gets `reason`. Idempotent. */
  async stop(reason: DOMException): Promise<void> {
    this.#stop.abort(reason);
    this.#change.promise.catch(() => {}); // maybe nobody waits
    this.#change.reject(reason);
    await this.#running;
  }

  /** Whether some node is known to be alive, or nobody is needed. */
  get isOnline(): boolean {
    return this.#online || this.#alone;
  }

  /** Whether places to begin with may still turn up: names are being resolved. */
  get isResolving(): boolean {
    return this.#resolving;
  }

  /** Whether we are offline and the search for neighbours is under way. */
  get isJoining(): boolean {
    return this.#joining && !this.isOnline;
  }

  /** The addresses that the names stood for when last asked. */
  places(): Endpoint[] {
    return [...this.#places.values()].flat();
  }

  /** Names of the list that have never stood for an address so far. */
  unresolved(): string[] {
    const names = this.#deps.endpoints.filter(({ hostname, port }) =>
      !this.#places.has(`${hostname}:${port}`)
    );
    return names.map(({ hostname }) => hostname);
  }

  /** Resolves once online. */
  async online(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#stop.signal.throwIfAborted();
    while (!this.isOnline) {
      const { promise } = this.#change;
      await (signal ? abortable(promise, signal) : promise);
    }
  }

  /** Some node answered. */
  heard(): void {
    this.#silent = 0;
    this.#heardAt = this.#deps.clock.now();
    if (!this.#online) this.#setOnline(true);
  }

  /** Some node did not answer. Says whether that is likely the node's fault, and not the network's. */
  silence(): boolean {
    this.#silent++;
    if (this.#silent < SILENT_QUESTIONS) return this.#online;
    if (this.#online && this.#deps.clock.now() - this.#heardAt > SILENT_MS) this.#setOnline(false);
    return false;
  }

  #setOnline(online: boolean): void {
    if (this.#stop.signal.aborted) return;
    this.#online = online;
    if (!online) this.#deps.onOffline();
    const change = this.#change;
    this.#change = Promise.withResolvers<void>();
    change.resolve();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let backoff = FIRST_BACKOFF_MS; !signal.aborted;) {
      await this.#attempt(signal);
      if (!this.isOnline) {
        await this.#pauseOrChange(backoff, signal);
        backoff = Math.min(2 * backoff, MAX_BACKOFF_MS);
      }
      while (this.isOnline) {
        backoff = FIRST_BACKOFF_MS;
        await this.#change.promise;
      }
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    this.#resolving = this.#joining = true;
    const resolved = this.#resolveAll(signal);
    try {
      await allEnded([resolved, this.#deps.join(signal)]);
    } finally {
      this.#resolving = this.#joining = false;
      this.#deps.onSettled();
    }
  }

  async #resolveAll(signal: AbortSignal): Promise<void> {
    try {
      await allEnded(this.#deps.endpoints.map((endpoint) => this.#resolve(endpoint, signal)));
    } finally {
      this.#resolving = false;
      this.#deps.onSettled();
    }
  }

  async #resolve({ hostname, port }: Endpoint, signal: AbortSignal): Promise<void> {
    const addresses = await this.#deps.resolve(hostname, signal);
    if (addresses.length === 0) return; // what it stood for before may still be right
    const places = addresses.map((address) => ({ hostname: address, port }));
    this.#places.set(`${hostname}:${port}`, places);
    places.forEach((place) => this.#deps.onPlace(place));
  }

  async #pauseOrChange(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const either = AbortSignal.any([signal, woken.signal]);
    this.#change.promise.then(() => woken.abort(), () => {});
    await pause(this.#deps.clock, ms, either).catch(() => signal.throwIfAborted());
  }
}

/** Waits for all even if some reject, so that nothing is left running; then rejects with the first reason. */
async function allEnded(promises: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(promises);
  await Promise.all(promises);
}
