import type { Credentials } from "./access/mod.ts";
import { checkPath } from "./check/mod.ts";
import { ControlKeeper } from "./_control_keeper.ts";
import type { RoundTrips } from "./control/mod.ts";
import { PeerError } from "./errors.ts";
import { PathFinder, type PathFinderOptions } from "./_path_finder.ts";
import type { PathInfo } from "./_path_info.ts";
import { PathPool, type Traffic } from "./_path_pool.ts";
import { CONTROL_PATH, openClient, type TunnelClient } from "./tunnel/mod.ts";

/** How the connection to a peer has been. */
export interface PeerStats extends Traffic {
  /** Of the last two minutes; absent until the first is over, and while the peer is not heard. */
  readonly roundTrips?: RoundTrips;
}

/** What a {@linkcode DialledPeer} works with. */
export interface DialledPeerOptions extends Omit<PathFinderOptions, "control"> {
  /** The id in its canonical form. */
  readonly id: string;
  /** What we show to the peer, if anything. */
  readonly credentials: Credentials | undefined;
  /** Whether a peer that was lost is looked for at once. */
  readonly reconnect: boolean;
  /** Whether more connections may follow the first: then a control channel is kept for them. */
  readonly lasting: boolean;
}

/** One peer, the paths to it, and native clients over these. */
export class DialledPeer implements AsyncDisposable {
  readonly id: string;
  readonly #finder: PathFinder;
  readonly #pool: PathPool;
  readonly #client: TunnelClient;
  #keeper: ControlKeeper | undefined;

  private constructor(options: DialledPeerOptions) {
    const { id, publicKey, credentials } = options;
    this.id = id;
    this.#finder = new PathFinder({ ...options, control: () => this.#keeper?.channel });
    this.#pool = new PathPool({
      open: (signal) => this.#finder.open(signal),
      keep: (path) => checkPath(path, publicKey),
      isCheap: () => this.#keeper?.channel !== undefined,
    });
    this.#client = openClient({
      ...{ id, publicKey },
      openPath: (signal) => this.#openPath(signal),
      ...(credentials ? { credentials } : {}),
    });
  }

  /** Opens the first path, which waits for the first connection. Rejects like {@linkcode PathFinder.open}. */
  static async open(options: DialledPeerOptions, signal: AbortSignal): Promise<DialledPeer> {
    const peer = new DialledPeer(options);
    try {
      peer.#pool.put(await peer.#finder.open(signal));
    } catch (error) {
      await peer.close();
      throw error;
    }
    if (options.lasting) peer.#keepControl(options);
    return peer;
  }

  /** The newest path. */
  get path(): PathInfo {
    return this.#finder.path!;
  }

  /** What went over all paths, and how the last pings went. */
  stats(): PeerStats {
    const { roundTrips } = this.#keeper?.channel ?? {};
    return { ...this.#pool.traffic, ...(roundTrips ? { roundTrips } : {}) };
  }

  /** One round trip. */
  async ping({ signal }: { signal?: AbortSignal } = {}): Promise<number> {
    this.#keeper?.need();
    const channel = await this.#keeper?.arrival(signal);
    if (channel) return await channel.ping(signal);
    throw new PeerError("closed", `Cannot ping the peer: it keeps no control channel with us`);
  }

  /** Native `fetch` and `webSocket`. */
  get client(): TunnelClient {
    return this.#client;
  }

  async #openPath(signal: AbortSignal) {
    const path = await this.#pool.take(signal);
    this.#keeper?.need();
    return path;
  }

  #keepControl({ report, reconnect }: DialledPeerOptions): void {
    this.#keeper = new ControlKeeper({
      open: (signal, until) => this.#client.webSocket(CONTROL_PATH, { signal, until }),
      onOpen: () => this.#pool.refill(),
      onLost: (heardAt) => {
        this.#finder.forget();
        this.#pool.closeSilentSince(heardAt);
      },
      ...{ report, reconnect },
    });
  }

  /** Ends every connection. Idempotent. */
  async close(): Promise<void> {
    await this.#keeper?.[Symbol.asyncDispose]();
    await this.#client.close();
    await this.#pool[Symbol.asyncDispose]();
  }

  /** The same as {@linkcode DialledPeer.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
