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

/** One object for what may happen, as paths that wait may be many. */
class Watch {
  reason: unknown;
  readonly #stream: ByteStream;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(stream: ByteStream, timeoutMs: number, signal: AbortSignal | undefined) {
    this.#stream = stream;
    this.#signal = signal;
    if (signal?.aborted) this.handleEvent();
    signal?.addEventListener("abort", this);
    this.#timer = setTimeout(
      () => this.#close(new DOMException(`No answer within ${timeoutMs} ms`, "TimeoutError")),
      timeoutMs,
    );
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
