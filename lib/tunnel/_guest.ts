import type { Endpoint } from "../endpoint.ts";
import type { Place } from "../occupancy.ts";

/** From the path's first byte to a complete request: TLS takes two round trips, the request one more. */
export const FIRST_REQUEST_MS = 10_000;
/** How long a connection may be kept for the next request; native `fetch` gives up its own after 90 s. */
const IDLE_MS = 120_000;
/** How long a last answer may take to reach him. */
const LAST_ANSWER_MS = 2_000;

/** Who or what can be closed. */
export interface Closable {
  close(): void;
}

/** Somebody who came in by a tunnel: where from, and whether he still has business here. */
export class Guest {
  /** The true address. */
  readonly remote: Endpoint;
  /** The id that he has proven, on this connection. */
  id: string | undefined;
  /** The proof that counted, which he may show again. */
  proof: string | undefined;
  /** One of those that are limited; he keeps it once he was let in. */
  place: Place | undefined;
  /** Whether he was let in by a guard, who may think otherwise later. */
  admitted = false;
  /** Made for whoever asks for it: most guests have nobody who does, and there may be thousands of them. */
  #closing: AbortController | undefined;
  #tunnel: Closable | undefined;
  #isClosed = false;
  #heardAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #requests = 0;
  #silent = true;
  #upgraded = false;
  #dismissed = false;
  readonly #idleMs: number;

  constructor(remote: Endpoint, firstRequestMs: number, idleMs = IDLE_MS) {
    this.remote = remote;
    this.#idleMs = idleMs;
    this.#closeAfter(firstRequestMs);
  }

  /** Aborted when the tunnel is to be closed. */
  get signal(): AbortSignal {
    this.#closing ??= new AbortController();
    if (this.#isClosed) this.#closing.abort(closed());
    return this.#closing.signal;
  }

  /** What is to be closed with him, which is done at once if he should be shown out already. */
  closes(tunnel: Closable): void {
    if (this.#isClosed) tunnel.close();
    else this.#tunnel = tunnel;
  }

  /** Whether he was shown out. */
  get closed(): boolean {
    return this.#isClosed;
  }

  /** Whether no request has come from him yet. */
  get silent(): boolean {
    return this.#silent;
  }

  /** Whether his connection is a WebSocket. */
  get upgraded(): boolean {
    return this.#upgraded;
  }

  /** Whether he was sent away, and nothing he asks for counts any more. */
  get dismissed(): boolean {
    return this.#dismissed;
  }

  /** A request has arrived; `completed` settles when its response was sent. */
  serve(completed: Promise<unknown>): void {
    this.#requests++;
    this.#silent = false;
    if (this.#dismissed) return;
    this.#stopTimer();
    const done = () => {
      if (--this.#requests === 0 && !this.#upgraded && !this.#dismissed) this.#closeAfter(this.#idleMs);
    };
    completed.then(done, done);
  }

  /** The connection has become a WebSocket, which looks after its own life. */
  upgrade(): void {
    this.#upgraded = true;
    this.heard();
    this.#stopTimer();
  }

  /** Something has come over the WebSocket. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** When that was last, by `performance.now()`. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Sends him away: he gets his last answer, and then the tunnel is closed. */
  dismiss(lastAnswerMs = LAST_ANSWER_MS): void {
    if (this.#dismissed) return;
    this.#dismissed = true;
    this.#closeAfter(lastAnswerMs);
  }

  /** Shows him out. Idempotent. */
  close(): void {
    this.#stopTimer();
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tunnel?.close();
    this.#closing?.abort(closed());
  }

  #stopTimer() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #closeAfter(ms: number) {
    this.#stopTimer();
    if (!this.#isClosed) this.#timer = setTimeout(() => this.close(), ms);
  }
}

function closed(): DOMException {
  return new DOMException("The tunnel was closed", "AbortError");
}
