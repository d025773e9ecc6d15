/**
 * Discovery without a network: peers of one process find each other through a hub, for tests and examples.
 *
 * @module
 */
import { addressScope, type Endpoint } from "../endpoint.ts";
import { PeerError } from "../errors.ts";
import type { Identity } from "../identity/mod.ts";
import { decodeRecord, encodeRecord } from "./record.ts";
import { MAX_KNOCK_CANDIDATES } from "./seal.ts";
import type {
  Discovery,
  Knock,
  KnockContent,
  Observation,
  Publication,
  PublishOptions,
  Resolution,
  ServiceDescription,
  ServiceRecord,
} from "./types.ts";

/** Options of {@linkcode MemoryHub.open}. */
export interface MemoryHubOptions {
  /** The address under which others see this peer. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** The UDP port it claims to have. @default {0} none */
  readonly port?: number;
}

/**
 * Where the peers of one process meet, in place of the DHT.
 *
 * @example Serve and fetch without a network
 * ```ts
 * import { dial, MemoryHub, serve } from "@skip-public-ip/skip-public-ip";
 *
 * const hub = new MemoryHub();
 * await using server = await serve(() => new Response("hello"), { discovery: hub.open() });
 * await using peer = await dial(server.id, { discovery: hub.open() });
 * console.log(await (await peer.fetch("/")).text()); // hello
 * ```
 */
export class MemoryHub {
  readonly #entries = new Map<string, MemoryEntry>();
  readonly #watchers = new Map<string, Set<(entry: MemoryEntry) => void>>();
  readonly #observers = new Set<Endpoint>();
  #isOnline = true;
  #change = Promise.withResolvers<void>();

  /** Whether the peers can reach each other; set it to try what happens without a network. */
  get isOnline(): boolean {
    return this.#isOnline;
  }

  set isOnline(isOnline: boolean) {
    this.#isOnline = isOnline;
    if (!isOnline) return;
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }

  /** A peer's discovery. */
  open(options: MemoryHubOptions = {}): Discovery {
    return new MemoryDiscovery(this, options);
  }

  /** Resolves once `isOnline`. */
  async online(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (!this.#isOnline) await Promise.race([this.#change.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** What is published under a public key. */
  find(publicKey: Uint8Array): MemoryEntry | undefined {
    return this.#entries.get(publicKey.toHex());
  }

  /** Calls `onEntry` with whatever is published under a public key from now on, until the function given is called. */
  watch(publicKey: Uint8Array, onEntry: (entry: MemoryEntry) => void): () => void {
    const key = publicKey.toHex();
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers.add(onEntry));
    return () => {
      watchers.delete(onEntry);
      if (watchers.size === 0 && this.#watchers.get(key) === watchers) this.#watchers.delete(key);
    };
  }

  /** Who was announced as an observer. */
  get observers(): readonly Endpoint[] {
    return this.#isOnline ? [...this.#observers] : [];
  }

  /** Announces an observer; the function given takes it away again. */
  announceObserver(endpoint: Endpoint): () => void {
    this.#observers.add(endpoint);
    return () => void this.#observers.delete(endpoint);
  }

  /** Publishes, in place of what was there; the function given takes it away again. */
  put(publicKey: Uint8Array, entry: MemoryEntry): () => void {
    const key = publicKey.toHex();
    this.#entries.set(key, entry);
    for (const tell of this.#watchers.get(key) ?? []) tell(entry);
    return () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
  }
}

/** One published record. */
export interface MemoryEntry {
  /** The higher one is the newer one. */
  readonly seq: number;
  /** The record, encoded. */
  readonly value: Uint8Array;
  /** Tells its serving peer of a knock. */
  readonly onKnock: (knock: Knock) => void;
}

/** A peer at a {@linkcode MemoryHub}. */
export class MemoryDiscovery implements Discovery {
  readonly port: number;
  readonly #hub: MemoryHub;
  readonly #hostname: string;
  readonly #closing = new AbortController();
  readonly #publications = new Set<Publication>();

  /** Use {@linkcode MemoryHub.open}. */
  constructor(hub: MemoryHub, { hostname = "127.0.0.1", port = 0 }: MemoryHubOptions = {}) {
    this.#hub = hub;
    this.#hostname = hostname;
    this.port = port;
  }

  observations(): readonly Observation[] {
    const observer = { hostname: this.#hostname, port: 6881 };
    return [{ observer, observed: { hostname: this.#hostname, port: this.port || observer.port } }];
  }

  unresolved(): readonly string[] {
    return [];
  }

  async online({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    await this.#hub.online(this.#until(signal));
  }

  async publish(
    identity: Identity,
    describe: () => ServiceDescription,
    { onKnock, onPublished, signal }: PublishOptions,
  ): Promise<Publication> {
    await this.online({ ...(signal && { signal }) });
    const { publicKey } = identity;
    const sealKey = crypto.getRandomValues(new Uint8Array(32));
    let remove = () => {};
    const put = () => {
      const seq = Math.max(Date.now() * 1000, (this.#hub.find(publicKey)?.seq ?? 0) + 1);
      const value = encodeRecord(publicKey, { ...describe(), sealKey });
      remove = this.#hub.put(publicKey, { seq, value, onKnock });
      onPublished?.(1);
    };
    put();
    return this.#keep(put, () => remove());
  }

  async resolve(publicKey: Uint8Array, { signal }: { signal?: AbortSignal } = {}): Promise<Resolution> {
    await Promise.resolve();
    this.#until(signal).throwIfAborted();
    if (!this.#hub.isOnline) throw new PeerError("offline", "Cannot resolve the id: the hub is offline");
    const entry = this.#hub.find(publicKey);
    if (!entry) throw new PeerError("not-found", "Cannot resolve the id: the hub does not know it");
    const record = decodeRecord(publicKey, entry.value);
    if (record instanceof PeerError) throw record;
    return { publicKey, record, seq: entry.seq, holders: [] };
  }

  async knock(
    { publicKey }: Resolution,
    { candidates, nat, port, ports }: KnockContent,
    { identity, signal }: { identity: Identity; signal?: AbortSignal },
  ): Promise<number> {
    await Promise.resolve();
    this.#until(signal).throwIfAborted();
    const entry = this.#hub.isOnline ? this.#hub.find(publicKey) : undefined;
    if (!entry) return 0;
    entry.onKnock({ via: "announce", candidates: [{ hostname: this.#hostname, port }] });
    const others = candidates.filter((c) => addressScope(c.hostname) !== "unspecified").slice(
      0,
      MAX_KNOCK_CANDIDATES,
    );
    const told: Endpoint[] = others.map(({ hostname, port }) => ({ hostname, port }));
    if (told.length > 0) {
      const more = { nat, publicKey: identity.publicKey, ...(ports && { ports }) };
      entry.onKnock({ via: "datagram", candidates: told, ...more });
    }
    return 1;
  }

  async watch(
    { publicKey, seq }: Resolution,
    { signal, onRecord }: { signal: AbortSignal; onRecord: (record: ServiceRecord, seq: number) => void },
  ): Promise<void> {
    const until = this.#until(signal);
    const stop = this.#hub.watch(publicKey, (entry) => {
      const record = decodeRecord(publicKey, entry.value);
      if (this.#hub.isOnline && entry.seq > seq && !(record instanceof PeerError)) {
        onRecord(record, entry.seq);
      }
    });
    if (!until.aborted) {
      await new Promise<void>((resolve) => until.addEventListener("abort", () => resolve(), { once: true }));
    }
    stop();
  }

  async observers({ signal }: { signal?: AbortSignal } = {}): Promise<readonly Endpoint[]> {
    await Promise.resolve();
    this.#until(signal).throwIfAborted();
    return this.#hub.observers;
  }

  announceObserver(port: number): AsyncDisposable {
    const withdraw = this.#hub.announceObserver({ hostname: this.#hostname, port });
    this.#closing.signal.addEventListener("abort", withdraw, { once: true });
    return {
      [Symbol.asyncDispose]: () => {
        this.#closing.signal.removeEventListener("abort", withdraw);
        withdraw();
        return Promise.resolve();
      },
    };
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException("Discovery is closed", "AbortError"));
    await Promise.all([...this.#publications].map((publication) => publication.close()));
  }

  /** Same as {@linkcode MemoryDiscovery.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Changes are published in the next turn, many at once being one. */
  #keep(put: () => void, remove: () => void): Publication {
    let isOpen = true;
    let isStale = false;
    const close = () => {
      isOpen = false;
      this.#publications.delete(publication);
      remove();
      return Promise.resolve();
    };
    const update = () => {
      if (isStale) return;
      isStale = true;
      queueMicrotask(() => {
        isStale = false;
        if (isOpen) put();
      });
    };
    const publication = { acknowledgements: 1, update, close, [Symbol.asyncDispose]: close };
    this.#publications.add(publication);
    return publication;
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }
}
