import { delay } from "@std/async";
import type { ByteStream } from "./byte_stream.ts";

/** The serving peer closes a path on which nothing happens for 15 s before TLS. */
const KEEP_MS = 8000;
/** Whoever has needed no further path for so long will not miss one that is ready. */
const INTEREST_MS = 60_000;
/** While nothing is answered on the control channel, a path over which nothing came for so long is as dead. */
const SILENT_MS = 2000;
/**
 * Paths that are being opened at the same time: each attempt has ports, dials and knocks of its own, and hundreds of them, for
 * programs that wait for a peer that was lost, would keep each other from getting through.
 */
const MAX_OPENING = 4;
/** The same where one costs a round trip. */
const MAX_OPENING_CHEAPLY = 64;

/** What a {@linkcode PathPool} works with. */
export interface PathPoolOptions {
  /** Opens a path; the receiver owns it. */
  readonly open: (signal: AbortSignal) => Promise<ByteStream>;
  /** Shows a path that waits to be alive, to the other side too. Rejects, with the path closed, if it is not. */
  readonly keep: (path: ByteStream) => Promise<unknown>;
  /** Whether a further path costs little: then one is made ready before it is needed. */
  readonly isCheap: () => boolean;
}

/** What went over all paths. */
export interface Traffic {
  /** Bytes that the peer's paths took. */
  readonly sentBytes: number;
  /** Bytes that came. */
  readonly receivedBytes: number;
  /** Paths that are open, the one that is ready among them. */
  readonly openPaths: number;
}

/** A path that waits for its connection. */
interface Ready {
  readonly path: Tracked;
  /** Settles when nothing is under way on it. */
  checked: Promise<unknown>;
}

/** Paths to one peer: those in use, and one that is ready for the next connection. */
export class PathPool implements AsyncDisposable {
  readonly #options: PathPoolOptions;
  readonly #closing = new AbortController();
  readonly #open = new Set<Tracked>();
  #ready: Ready | undefined;
  #filling: Promise<void> | undefined;
  #opening = 0;
  /** Those whose turn to open has not come; first come, first served. */
  readonly #queue = new Set<() => void>();
  /** Takes the path that is being made ready. */
  #waiting: ((path: ByteStream) => void) | undefined;
  #keeping: Promise<void> = Promise.resolve();
  #wantedAt = performance.now();
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(options: PathPoolOptions) {
    this.#options = options;
  }

  /** Keeps a path for whoever comes next. */
  put(path: ByteStream): void {
    this.#ready?.path.close();
    this.#ready = { path: this.#track(path), checked: Promise.resolve() };
    this.#keeping = this.#keep(this.#ready).catch(() => {});
  }

  /** A path for one connection; the receiver owns it. Rejects like `open`. */
  async take(signal: AbortSignal): Promise<ByteStream> {
    this.#wantedAt = performance.now();
    const ready = this.#ready;
    this.#ready = undefined;
    const alive = ready && await ready.checked.then(() => true, () => false);
    const path = alive ? ready.path : this.#track(await this.#soonest(signal));
    this.refill();
    return path;
  }

  /** One that was begun for nobody is further than one that is begun now; whichever comes later is kept for the next. */
  #soonest(signal: AbortSignal): Promise<ByteStream> {
    const own = this.#openInTurn(signal);
    if (!this.#filling || this.#waiting) return own;
    return new Promise((resolve, reject) => {
      const waiting = (path: ByteStream) => {
        resolve(path);
        this.#fillWith(own);
      };
      const ifFirst = <T>(then: (value: T) => void) => (value: T) => {
        if (this.#waiting !== waiting) return;
        this.#waiting = undefined;
        then(value);
      };
      this.#waiting = waiting;
      own.then(ifFirst(resolve), ifFirst(reject));
    });
  }

  async #openInTurn(signal: AbortSignal): Promise<ByteStream> {
    signal.throwIfAborted();
    if (this.#hasRoom) this.#opening++;
    else await this.#turn(signal);
    try {
      return await this.#options.open(signal);
    } finally {
      this.#opening--;
      this.#callNext();
    }
  }

  get #hasRoom(): boolean {
    return this.#opening < (this.#options.isCheap() ? MAX_OPENING_CHEAPLY : MAX_OPENING);
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#queue.delete(enter);
        reject(signal.reason);
      };
      const enter = () => {
        this.#opening++;
        signal.removeEventListener("abort", leave);
        resolve();
      };
      this.#queue.add(enter);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #callNext(): void {
    for (const next of this.#queue) {
      if (!this.#hasRoom) return;
      this.#queue.delete(next);
      next();
    }
  }

  /** Has a path made ready, where that costs little and somebody may want it; calls whoever may come now. */
  refill(): void {
    this.#callNext();
    if (this.#filling || this.#ready || !this.#options.isCheap() || this.#closing.signal.aborted) return;
    this.#fillWith(this.#options.open(this.#closing.signal));
  }

  #fillWith(opening: Promise<ByteStream>) {
    const filling = opening.then((path) => this.#arrived(path), () => {}) // whoever needs one sees what is wrong
      .finally(() => {
        if (this.#filling === filling) this.#filling = undefined;
      });
    this.#filling = filling;
  }

  #arrived(path: ByteStream) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(path);
    else if (this.#closing.signal.aborted) path.close();
    else this.put(path);
  }

  /**
   * Closes the paths over which nothing has come since then, or for two seconds: whoever uses one of them would wait for
   * minutes. The one that is ready is not worth the doubt.
   *
   * @param moment When the peer was heard last on the control channel, which asks now and then: one that streams is heard later.
   */
  closeSilentSince(moment: number, now: number = performance.now()): void {
    this.#ready?.path.close();
    this.#ready = undefined;
    const silentSince = Math.max(moment, now - SILENT_MS);
    for (const path of this.#open) if (path.heardAt <= silentSince) path.close();
  }

  /** What went over the paths. */
  get traffic(): Traffic {
    return {
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      openPaths: this.#open.size,
    };
  }

  async #keep(ready: Ready): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      await delay(KEEP_MS, { signal });
      if (this.#ready !== ready) return;
      if (performance.now() - this.#wantedAt > INTEREST_MS) break;
      ready.checked = this.#options.keep(ready.path);
      await ready.checked.catch(() => {}); // `take` sees
    }
    this.#ready = undefined;
    ready.path.close();
  }

  #track(path: ByteStream): Tracked {
    const tracked = new Tracked(path, {
      sent: (bytes) => this.#sentBytes += bytes,
      received: (bytes) => this.#receivedBytes += bytes,
      closed: () => this.#open.delete(tracked),
    });
    this.#open.add(tracked);
    return tracked;
  }

  /** Closes what nobody owns yet. */
  async [Symbol.asyncDispose]() {
    this.#closing.abort(new DOMException("The peer was closed", "AbortError"));
    await this.#filling;
    this.#ready?.path.close();
    this.#ready = undefined;
    await this.#keeping;
  }
}

interface Observer {
  sent(bytes: number): void;
  received(bytes: number): void;
  closed(): void;
}

/** A path, and when something came over it last. */
class Tracked implements ByteStream {
  heardAt = performance.now();
  /** There if the path can be reset. */
  readonly reset?: () => void;
  readonly #path: ByteStream;
  readonly #observer: Observer;

  constructor(path: ByteStream, observer: Observer) {
    this.#path = path;
    this.#observer = observer;
    if (!path.reset) return;
    this.reset = () => {
      observer.closed();
      path.reset!();
    };
  }

  get localAddr() {
    return this.#path.localAddr;
  }

  get remoteAddr() {
    return this.#path.remoteAddr;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const n = await this.#path.read(buffer);
    this.heardAt = performance.now();
    if (n !== null) this.#observer.received(n);
    return n;
  }

  async write(data: Uint8Array): Promise<number> {
    const n = await this.#path.write(data);
    this.#observer.sent(n);
    return n;
  }

  closeWrite(): Promise<void> {
    return this.#path.closeWrite();
  }

  close(): void {
    this.#observer.closed();
    this.#path.close();
  }
}
