/** Options of {@linkcode RequestBody}. */
export interface RequestBodyOptions {
  /** Bytes that were announced. */
  readonly length: number | undefined;
  /** Told whether it is the other side that keeps us waiting. */
  readonly onWait: (waiting: boolean) => void;
}

/**
 * The body of a request, as fast as it is taken. It breaks off where it is not as long as announced: a byte too many would be
 * the beginning of another request.
 */
export class RequestBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #options: RequestBodyOptions;

  constructor(body: ReadableStream<Uint8Array>, options: RequestBodyOptions) {
    this.#reader = body.getReader();
    this.#options = options;
  }

  /** What it consists of; to be called once. Throws where the body breaks off, or is longer or shorter than announced. */
  async *parts(): AsyncGenerator<Uint8Array> {
    const { length, onWait } = this.#options;
    let sent = 0;
    for (;;) {
      onWait(false);
      const { done, value } = await this.#reader.read();
      sent += value?.length ?? 0;
      const isWrong = length !== undefined && (done ? sent < length : sent > length);
      if (isWrong) {
        throw new TypeError(
          `Cannot pass a body on: ${length} bytes were announced, current value is ${sent}`,
        );
      }
      onWait(true);
      if (done) return;
      yield value;
    }
  }

  /** Lets go of what has not been taken. Idempotent. */
  cancel(): void {
    this.#reader.cancel().catch(() => {}); // it broke off already
  }
}
