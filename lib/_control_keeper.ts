import { delay } from "@std/async";
import { ControlChannel, type ControlChannelOptions } from "./control/mod.ts";
import { PeerError } from "./errors.ts";
import type { OnProgress } from "./progress.ts";

/** The first connection goes first: it has what both sides have just opened for it. */
const HEAD_START_MS = 100;
/** Two attempts at a path, and a path that dies before TLS is open. */
const OPENING_MS = 20_000;
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;

/** What a {@linkcode ControlKeeper} works with. */
export interface ControlKeeperOptions extends ControlChannelOptions {
  /** Opens the WebSocket; `signal` ends the attempt, `until` what came of it, whatever the peer is saying. */
  readonly open: (signal: AbortSignal, until: AbortSignal) => Promise<WebSocket>;
  /** There is a channel. */
  readonly onOpen: () => void;
  /** Nobody is heard any more since that moment of `performance.now()`. */
  readonly onLost: (heardAt: number) => void;
  readonly report: OnProgress;
  /** Whether a channel that was lost is opened again at once, and not only when the peer is needed. */
  readonly reconnect: boolean;
}

/** Keeps a control channel to the peer open, from the background. */
export class ControlKeeper implements AsyncDisposable {
  readonly #options: ControlKeeperOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #needed = Promise.withResolvers<void>();
  #change = Promise.withResolvers<void>();
  #isOver = false;
  #channel: ControlChannel | undefined;

  /** Begins in a moment. */
  constructor(options: ControlKeeperOptions) {
    this.#options = options;
    this.#running = this.#run().catch(() => {}).finally(() => {
      this.#isOver = true;
      this.#change.resolve();
    });
  }

  /** The channel while it is alive. */
  get channel(): ControlChannel | undefined {
    return this.#channel;
  }

  /** The channel, as soon as there is one; nothing if there will be none. Rejects with `signal.reason`. */
  async arrival(signal?: AbortSignal): Promise<ControlChannel | undefined> {
    signal?.throwIfAborted();
    const over = Promise.withResolvers<never>();
    const abort = () => over.reject(signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      while (!this.#channel && !this.#isOver) await Promise.race([this.#change.promise, over.promise]);
      return this.#channel;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** The peer is needed: if the channel was lost, it is opened again. */
  need(): void {
    this.#needed.resolve();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const { report, onLost, onOpen, reconnect } = this.#options;
    await delay(HEAD_START_MS, { signal });
    let lostAt: number | undefined;
    for (let backoff = FIRST_BACKOFF_MS; !signal.aborted;) {
      const channel = await this.#open();
      if (channel === null) return;
      if (channel === undefined) {
        await delay(backoff, { signal });
        backoff = Math.min(2 * backoff, MAX_BACKOFF_MS);
        continue;
      }
      backoff = FIRST_BACKOFF_MS;
      this.#channel = channel;
      this.#change.resolve();
      this.#change = Promise.withResolvers();
      if (lostAt !== undefined) report({ type: "restored", ms: performance.now() - lostAt });
      onOpen();
      await channel.closed;
      this.#channel = undefined;
      if (signal.aborted) return;
      lostAt = channel.heardAt;
      report({ type: "lost", ms: performance.now() - lostAt });
      onLost(lostAt);
      this.#needed = Promise.withResolvers<void>();
      if (!reconnect) await this.#needed.promise;
    }
  }

  /** `undefined` if it should be tried again, `null` if the peer does not let us in. */
  async #open(): Promise<ControlChannel | undefined | null> {
    const { signal } = this.#closing;
    try {
      const soon = AbortSignal.any([signal, AbortSignal.timeout(OPENING_MS)]);
      const over = new AbortController();
      const socket = await this.#options.open(soon, over.signal);
      if (signal.aborted) socket.close(); // in the very moment in which it opened
      signal.throwIfAborted();
      const channel = new ControlChannel(socket, this.#options);
      // A message without end would pile up behind a goodbye that nobody answers.
      void channel.closed.then(() => signal.aborted || over.abort());
      return channel;
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof PeerError && error.code === "denied" ? null : undefined;
    }
  }

  /** Says goodbye. */
  async [Symbol.asyncDispose]() {
    this.#closing.abort(new DOMException("The peer was closed", "AbortError"));
    this.#channel?.[Symbol.dispose]();
    this.#needed.resolve();
    await this.#running;
  }
}
