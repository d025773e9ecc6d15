import type { LocalConnection, LocalStream } from "../lib/tunnel/mod.ts";

/** Options of {@linkcode LocalConnections}. */
export interface LocalConnectionsOptions {
  /** Does whatever a connection is for, and closes it. One that rejects has its connection reset. */
  readonly serve: (stream: LocalStream, signal: AbortSignal) => Promise<void>;
  /** Told when connections begin to wait for others to end, to be refused, and when none waits any more. */
  readonly onCrowd: (crowd: "waiting" | "refused" | "over") => void;
  /** Connections at the same time. @default {400}: the other side takes 512 from one address */
  readonly max?: number;
  /** Connections that may wait; more are refused. Each costs a descriptor. @default {4096} */
  readonly maxWaiting?: number;
}

const MAX_OPEN = 400;
const MAX_WAITING = 4096;

/** Connections of this machine's programs: so many are served at a time, the others wait, unread, for their turn. */
export class LocalConnections {
  readonly #options: LocalConnectionsOptions;
  readonly #max: number;
  readonly #maxWaiting: number;
  readonly #waiting: LocalConnection[] = [];
  readonly #open = new Map<LocalStream, Promise<void>>();
  readonly #closing = new AbortController();
  #crowd: "waiting" | "refused" | "over" = "over";

  constructor(options: LocalConnectionsOptions) {
    this.#options = options;
    this.#max = options.max ?? MAX_OPEN;
    this.#maxWaiting = options.maxWaiting ?? MAX_WAITING;
  }

  /** Takes over a connection. */
  admit(connection: LocalConnection) {
    if (this.#closing.signal.aborted) return connection.reset();
    if (this.#open.size < this.#max) return this.#begin(connection);
    if (this.#waiting.length >= this.#maxWaiting) {
      connection.reset();
      return this.#tell("refused");
    }
    this.#waiting.push(connection);
    if (this.#crowd === "over") this.#tell("waiting");
  }

  #begin(connection: LocalConnection) {
    const stream = connection.open();
    const serving = this.#options.serve(stream, this.#closing.signal)
      .catch(() => stream.reset())
      .then(() => {
        this.#open.delete(stream);
        this.#next();
      });
    this.#open.set(stream, serving);
  }

  #next() {
    const connection = this.#closing.signal.aborted ? undefined : this.#waiting.shift();
    if (connection) this.#begin(connection);
    else this.#tell("over");
  }

  #tell(crowd: "waiting" | "refused" | "over") {
    if (crowd === this.#crowd) return;
    this.#crowd = crowd;
    this.#options.onCrowd(crowd);
  }

  /** Resets all of them. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort(new DOMException("The port was closed", "AbortError"));
    for (const connection of this.#waiting.splice(0)) connection.reset();
    for (const stream of this.#open.keys()) stream.reset();
    await Promise.all(this.#open.values());
  }
}
