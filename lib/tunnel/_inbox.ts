import { takeFrom } from "../io.ts";

/** Part of the protocol of streams over WebSockets: what either side may send before it is given credit. */
export const FIRST_WINDOW_BYTES = 1024 * 1024;
/** Part of the protocol: nobody may be given more than this at a time. */
export const MAX_WINDOW_BYTES = 8 * 1024 * 1024;
/**
 * A quarter of a window is given back at a time. Where that happened faster than this and the reader has caught up, the window
 * doubles: one that lasts a second is no limit on any way around the earth.
 */
const QUARTER_MS = 250;
/** An array costs about 200 bytes whatever it holds, so smaller messages that wait share one. */
const BLOCK_BYTES = 16 * 1024;

/** What was received and not read yet, and what the sender may still send. */
export class Inbox {
  /** Whether nothing more will come. */
  ended = false;
  #chunks: Uint8Array[] = [];
  /** The unused part of the newest chunk, if that is a shared one. */
  #room = new Uint8Array();
  #failure: Error | undefined;
  #allowed = FIRST_WINDOW_BYTES;
  /** What the sender may have sent without our having read it. */
  #window = FIRST_WINDOW_BYTES;
  #waiting = 0;
  #wake: (() => void) | undefined;
  readonly #now: () => number;
  #grantedAt: number;

  /** `now` is the time in milliseconds. */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#grantedAt = now();
  }

  /** Takes what was received; `false` if the sender was not allowed to send it. */
  put(chunk: Uint8Array): boolean {
    if (this.ended || chunk.length > this.#allowed) return false;
    if (chunk.length === 0) return true;
    this.#allowed -= chunk.length;
    this.#waiting += chunk.length;
    this.#keep(chunk);
    this.#wake?.();
    return true;
  }

  #keep(chunk: Uint8Array) {
    const last = this.#chunks.at(-1);
    if (!last || chunk.length >= BLOCK_BYTES) {
      this.#chunks.push(chunk);
      this.#room = new Uint8Array();
      return;
    }
    if (this.#room.length < chunk.length) {
      this.#chunks.push(new Uint8Array(0));
      this.#room = new Uint8Array(BLOCK_BYTES);
    }
    const { buffer, byteOffset } = this.#room;
    this.#room.set(chunk);
    this.#room = this.#room.subarray(chunk.length);
    const grown = this.#chunks.at(-1)!;
    const start = grown.length > 0 ? grown.byteOffset : byteOffset;
    this.#chunks[this.#chunks.length - 1] = new Uint8Array(buffer, start, grown.length + chunk.length);
  }

  /** Nothing more will come, and nothing is missing. */
  end() {
    this.ended = true;
    this.#wake?.();
  }

  /** Nothing more will come, and something is missing: what waits is not given out either. */
  fail(error: Error) {
    this.#failure ??= error;
    if (!this.ended) this.#chunks = [];
    this.#wake?.();
  }

  /** Resolves when there is something to take, if only the end. */
  async filled(): Promise<void> {
    while (this.#chunks.length === 0 && !this.ended) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Fills `buffer` from as many chunks as fit; `null` at the end. */
  take(buffer: Uint8Array): number | null {
    if (this.#chunks.length === 0) return null;
    const taken = takeFrom(this.#chunks, buffer);
    this.#waiting -= taken;
    return taken;
  }

  /** The credit that it is time to give; 0 while the sender has enough. */
  grant(): number {
    if (this.ended) return 0;
    const due = this.#window - this.#allowed - this.#waiting;
    if (due < this.#window / 4) return 0;
    const now = this.#now();
    const isFast = this.#waiting === 0 && now - this.#grantedAt < QUARTER_MS;
    if (isFast) this.#window = Math.min(2 * this.#window, MAX_WINDOW_BYTES);
    this.#grantedAt = now;
    const credit = this.#window - this.#allowed - this.#waiting;
    this.#allowed += credit;
    return credit;
  }
}
