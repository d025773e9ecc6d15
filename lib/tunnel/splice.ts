import type { ByteStream } from "../punch/mod.ts";

/** Enough for a message or a small request: an idle tunnel holds two of them, and a serving peer has thousands of tunnels. */
const FIRST_BUFFER_BYTES = 512;
/** The next one. */
const SECOND_BUFFER_BYTES = 4 * 1024;
/** From there on a larger buffer is four times as large, a smaller one a quarter. */
const STEP = 4;
/** Where larger buffers stopped being faster (128 KiB and 1 MiB were slower): fewer calls, and still in the cache. */
const LARGEST_BUFFER_BYTES = 256 * 1024;
/** It is not worth a call to read less. */
const LEAST_AHEAD_BYTES = 1024;
/** What is no longer is passed on at once: a message comes alone, and to look for more costs as much again. */
const MESSAGE_BYTES = FIRST_BUFFER_BYTES - 1;
/** So many turns of the microtask queue it takes a stream, and those around it, to say what it has at hand. */
const MICROTASKS = 8;
/** A read that fills less than this part of its buffer would not have filled the smaller one either. */
const SMALL_PART = 1 / 8;
/** After so many of these a smaller buffer takes its place. */
const SMALL_READS = 16;
/**
 * The same for the second buffer, which costs so little to make: what a handshake has left is held by nobody. One alone may be the
 * rest of a message that the first buffer did not hold, and the next message be as long.
 */
const SMALL_READS_OF_SECOND = 2;
const IGNORE = () => {};
/** How long one direction may stay silent once the other has ended: after that nobody is there any more. */
const HALF_CLOSED_IDLE_MS = 60_000;

/** Options of {@linkcode splice}. */
export interface SpliceOptions {
  /** What was already read from the first stream; goes to the second one before anything else. */
  readonly head?: Uint8Array;
  /** Closes both streams; `splice` then rejects with its reason. */
  readonly signal?: AbortSignal;
  /** How long one direction may stay silent once the other has ended. @default {60_000} */
  readonly halfClosedIdleMs?: number;
  /** Told how many bytes the second stream has taken. */
  readonly onForth?: (bytes: number) => void;
}

/** What went through, and how it ended. */
export interface SpliceResult {
  /** Bytes from the first stream that the second one took. */
  readonly forth: number;
  /** Bytes from the second stream that the first one took. */
  readonly back: number;
  /** Why it ended, unless both sides finished in their own time. */
  readonly error?: Error;
}

/**
 * Joins two streams until both directions have ended, and closes both. The end of one direction is passed on
 * while the other goes on; an error in either ends both, with a reset where a stream can be reset. Nothing is read
 * before what came earlier was taken, so that a slow reader slows down its writer, and at most two buffers of 256 KiB
 * are held.
 *
 * Rejects with `signal.reason` only; whatever else ends it is in {@linkcode SpliceResult.error}.
 */
export function splice(a: ByteStream, b: ByteStream, options: SpliceOptions = {}): Promise<SpliceResult> {
  return new Splice(a, b, options).run(options.head);
}

/** An object and no `async` function: what waits for both directions would cost a serving peer a kilobyte for each tunnel. */
class Splice {
  readonly #a: ByteStream;
  readonly #b: ByteStream;
  readonly #forth: Direction;
  readonly #back: Direction;
  readonly #signal: AbortSignal | undefined;
  readonly #halfClosedIdleMs: number;
  readonly #done = Promise.withResolvers<SpliceResult>();
  #running = 2;
  #error: Error | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    a: ByteStream,
    b: ByteStream,
    { signal, halfClosedIdleMs = HALF_CLOSED_IDLE_MS, onForth }: SpliceOptions,
  ) {
    this.#a = a;
    this.#b = b;
    this.#forth = new Direction(a, b, onForth);
    this.#back = new Direction(b, a);
    this.#signal = signal;
    this.#halfClosedIdleMs = halfClosedIdleMs;
  }

  run(head?: Uint8Array): Promise<SpliceResult> {
    this.#signal?.addEventListener("abort", this);
    if (this.#signal?.aborted) this.handleEvent();
    this.#forth.run(this, head);
    this.#back.run(this);
    return this.#done.promise;
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.#end(new DOMException("The tunnel was aborted", "AbortError"));
  }

  /** A direction has passed its end on. */
  finished(direction: Direction): void {
    const other = direction === this.#forth ? this.#back : this.#forth;
    this.#timer ??= watchForSilence(other, this.#halfClosedIdleMs, (reason) => this.#end(reason));
    this.#over();
  }

  /** A direction has broken. */
  failed(reason: Error): void {
    this.#end(reason);
    this.#over();
  }

  #end(reason: Error) {
    this.#error ??= reason;
    for (const stream of [this.#a, this.#b]) stream.reset ? stream.reset() : closeQuietly(stream);
  }

  /** A direction has ended. */
  #over() {
    if (--this.#running > 0) return;
    clearInterval(this.#timer);
    this.#signal?.removeEventListener("abort", this);
    closeQuietly(this.#a);
    closeQuietly(this.#b);
    if (this.#signal?.aborted) return this.#done.reject(this.#signal.reason);
    const error = this.#error;
    this.#done.resolve({ forth: this.#forth.bytes, back: this.#back.bytes, ...(error ? { error } : {}) });
  }
}

/** Closes a stream, also one whose `close()` throws the second time, as that of `Deno.Conn` does. */
export function closeQuietly(stream: ByteStream) {
  try {
    stream.close();
  } catch {
    // closed already
  }
}

/** One of the two directions. What it keeps in fields is kept once; what an `async` function keeps while it waits is twice as large. */
class Direction {
  bytes = 0;
  readonly #from: ByteStream;
  readonly #to: ByteStream;
  readonly #onPass: ((bytes: number) => void) | undefined;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  /** What is in the buffer and not passed on yet begins here, */
  #start = 0;
  /** and ends here. */
  #end = 0;
  /** How much came last. */
  #last = 0;
  #smallReads = 0;
  #ahead: Ahead | undefined;

  constructor(from: ByteStream, to: ByteStream, onPass?: (bytes: number) => void) {
    this.#from = from;
    this.#to = to;
    this.#onPass = onPass;
  }

  /** Tells `splice` how it has ended; this loop is where the time of a tunnel goes. Never rejects. */
  async run(splice: Splice, head?: Uint8Array) {
    try {
      if (head) await this.#pass(head);
      head = undefined; // it would stay as long as the tunnel
      for (;;) {
        const length = await (this.#ahead ? this.#ahead.read : this.#from.read(this.#buffer));
        if (length === null) break;
        this.#came(length);
        if (this.#end - this.#start > MESSAGE_BYTES && !this.#isTooLarge) await this.#lookAhead();
        await this.#pass(this.#buffer.subarray(this.#start, this.#end));
        this.#makeReady();
      }
      await this.#to.closeWrite();
      splice.finished(this);
    } catch (error) {
      splice.failed(error as Error);
    }
  }

  #came(length: number) {
    this.#ahead = undefined;
    this.#end += length;
    this.#last = length;
    this.#smallReads = this.#isSmall ? this.#smallReads + 1 : 0;
  }

  /** Adds what is at hand; leaves behind a read that has to wait. */
  async #lookAhead() {
    while (this.#hasRoom) {
      const ahead = new Ahead(this.#from.read(this.#buffer.subarray(this.#end)));
      const more = await ahead.atOnce();
      if (!more) { // the end and an error, too, are for the next turn
        this.#ahead = ahead;
        break;
      }
      this.#end += more;
      this.#last = more;
    }
    if (!this.#isSmall) this.#smallReads = 0;
  }

  /** All was passed on: what comes next gets a buffer of the right size, unless it is already being read. */
  #makeReady() {
    if (this.#ahead) {
      this.#start = this.#end;
      return;
    }
    const isFull = this.#start === 0 && this.#end > MESSAGE_BYTES && !this.#hasRoom;
    if (isFull && this.#buffer.length < LARGEST_BUFFER_BYTES) {
      this.#buffer = larger(this.#buffer);
    } else if (this.#isTooLarge) {
      this.#buffer = smaller(this.#buffer);
      this.#smallReads = 0;
    }
    this.#start = this.#end = 0;
  }

  /** Whether as much as came last would fit once more: what is cut in two costs twice as much. */
  get #hasRoom(): boolean {
    return this.#buffer.length - this.#end >= Math.max(LEAST_AHEAD_BYTES, this.#last);
  }

  get #isSmall(): boolean {
    return this.#end - this.#start < this.#buffer.length * SMALL_PART;
  }

  /** Whether the buffer is to be changed: what is under way cannot be taken back, so nothing is read ahead then. */
  get #isTooLarge(): boolean {
    return this.#smallReads >= patienceWith(this.#buffer);
  }

  async #pass(data: Uint8Array) {
    for (let at = 0; at < data.length;) {
      const taken = await this.#to.write(data.subarray(at));
      at += taken;
      this.bytes += taken;
      this.#onPass?.(taken);
    }
  }
}

/** How many small reads a buffer stays for. */
function patienceWith({ length }: Uint8Array): number {
  if (length === FIRST_BUFFER_BYTES) return Infinity;
  return length === SECOND_BUFFER_BYTES ? SMALL_READS_OF_SECOND : SMALL_READS;
}

function larger({ length }: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Math.max(length * STEP, SECOND_BUFFER_BYTES));
}

function smaller({ length }: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length > SECOND_BUFFER_BYTES ? length / STEP : FIRST_BUFFER_BYTES);
}

/** A read that was begun before what came earlier was passed on. */
class Ahead {
  readonly read: Promise<number | null>;
  #value: number | null | undefined;

  constructor(read: Promise<number | null>) {
    this.read = read;
    read.then((value) => this.#value = value, IGNORE); // whoever awaits it sees the error
  }

  /** What it has read, if it need not wait for anything but the microtasks of the streams. */
  async atOnce(): Promise<number | null | undefined> {
    for (let i = 0; i < MICROTASKS && this.#value === undefined; i++) await undefined;
    return this.#value;
  }
}

/** Calls `end` when no byte moves for `idleMs`. */
function watchForSilence(
  direction: Direction,
  idleMs: number,
  end: (reason: Error) => void,
): ReturnType<typeof setInterval> {
  let seen = direction.bytes;
  return setInterval(() => {
    if (direction.bytes === seen) {
      end(
        new DOMException("Cannot keep the tunnel: one side has ended, the other is silent", "TimeoutError"),
      );
    }
    seen = direction.bytes;
  }, idleMs);
}
