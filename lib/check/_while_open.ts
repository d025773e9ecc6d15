import type { ByteStream } from "../punch/mod.ts";

/**
 * Runs `work` on a stream, and closes the stream when `signal` aborts, when time is up, or when `work` fails:
 * closing is the only way to end a read that waits. Rejects with `signal.reason`, a `TimeoutError`, or the failure.
 */
export function whileOpen<T>(
  stream: ByteStream,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const watch = new Watch(stream, timeoutMs, signal);
  return work().then((value) => {
    watch.end();
    return value;
  }, (error) => {
    watch.end();
    stream.close();
    throw watch.reason ?? error;
  });
}

/** Closes a stream on which nothing happens in time, or when `signal` aborts. One object for what may happen, as paths that wait may be many. */
export class Watch {
  /** Why it has closed the stream, if it has. */
  reason: unknown;
  readonly #stream: ByteStream;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();
  #timer: ReturnType<typeof setTimeout>;

  constructor(stream: ByteStream, timeoutMs: number, signal: AbortSignal | undefined) {
    this.#stream = stream;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    if (signal?.aborted) this.handleEvent();
    signal?.addEventListener("abort", this);
    this.#timer = this.#lookIn(timeoutMs);
  }

  /** Something has happened: time begins anew. The timer does not, which would cost more than what has happened. */
  renew() {
    this.#since = performance.now();
  }

  #lookIn(ms: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      const leftMs = this.#since + this.#timeoutMs - performance.now();
      if (leftMs > 0) this.#timer = this.#lookIn(leftMs);
      else this.#close(new DOMException(`No answer within ${this.#timeoutMs} ms`, "TimeoutError"));
    }, ms);
  }

  /** The signal was aborted. */
  handleEvent() {
    this.#close(this.#signal!.reason);
  }

  #close(reason: unknown) {
    this.reason ??= reason;
    this.#stream.close();
  }

  /** Nothing is waited for any more. */
  end() {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this);
  }
}
