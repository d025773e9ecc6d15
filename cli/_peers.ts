import { dial, type DialOptions, type Peer } from "../lib/connect.ts";

/** A browser leaves a page and comes back; the peer need not be looked up again then. */
const IDLE_MS = 5 * 60_000;
/** Each has a place in the DHT's traffic while it is dialled, and some memory afterwards. */
const MAX_PEERS = 64;
/** As long as `skip connect` tries. */
const DIAL_MS = 30_000;

/** Options of {@linkcode Peers}. */
export interface PeersOptions {
  /** Makes a connection to a peer. @default dial */
  readonly dial?: (id: string, options: DialOptions) => Promise<Peer>;
  /** For each dial. */
  readonly options: DialOptions;
  /** @default {300_000} */
  readonly idleMs?: number;
}

interface Entry {
  readonly peer: Promise<Peer>;
  users: number;
  timer?: ReturnType<typeof setTimeout>;
}

/** Peers that are dialled when they are wanted, kept for the next who wants them, and closed when nobody does. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new AbortController();

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** Does something with a peer. Rejects with `PeerError` where there is none, or with whatever `use` rejects with. */
  async use<T>(id: string, use: (peer: Peer) => Promise<T>): Promise<T> {
    this.#closing.signal.throwIfAborted();
    const entry = this.#entries.get(id) ?? this.#dial(id);
    entry.users++;
    clearTimeout(entry.timer);
    try {
      return await use(await entry.peer);
    } finally {
      if (--entry.users === 0 && this.#entries.get(id) === entry) {
        entry.timer = setTimeout(() => this.#drop(id, entry), this.#options.idleMs ?? IDLE_MS);
      }
    }
  }

  #dial(id: string): Entry {
    this.#makeRoom();
    const { dial: reach = dial, options } = this.#options;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(DIAL_MS)]);
    const entry: Entry = { peer: reach(id, { ...options, signal }), users: 0 };
    entry.peer.catch(() => this.#drop(id, entry)); // the next one tries again
    this.#entries.set(id, entry);
    return entry;
  }

  /** Lets go of the one that nobody has used for longest. */
  #makeRoom() {
    if (this.#entries.size < MAX_PEERS) return;
    const idle = [...this.#entries].find(([, entry]) => entry.users === 0);
    if (!idle) {
      throw new Deno.errors.Busy(`Cannot reach another peer: ${MAX_PEERS} are in use at the same time`);
    }
    this.#drop(...idle);
  }

  #drop(id: string, entry: Entry) {
    clearTimeout(entry.timer);
    if (this.#entries.get(id) === entry) this.#entries.delete(id);
    void entry.peer.then((peer) => peer.close()).catch(() => {}); // it is for nobody any more
  }

  /** Closes them all. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort(new DOMException("The proxy was closed", "AbortError"));
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) clearTimeout(entry.timer);
    await Promise.all(entries.map(({ peer }) => peer.then((p) => p.close()).catch(() => {})));
  }
}
