import { concat } from "../bytes.ts";
import { free } from "../io.ts";
import type { Flow } from "./_http_client.ts";

/**
 * A body up to this size is given to the server as a whole where it is at hand, and then goes out in one piece with the head.
 * The TLS server of Deno 2.9 leaves Nagle's algorithm on: what it writes after a head, as it does with every stream, waits
 * until the head is acknowledged, which takes 40 ms on loopback.
 */
export const SMALL_BODY_BYTES = 64 * 1024;
/** What a program has at hand follows its head at once. What does not come by then is no less late as a stream. */
const SOON_MS = 5;

/** What `new Response` takes. */
export type AnswerBody = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** Who reads a body. */
export interface BodyUse {
  /**
   * Whether it is the native server and nobody else, who has done with a chunk when he asks for the next one. Then memory stays
   * what it is; the garbage collector lets hundreds of MB of a fast body pile up. @default {false}
   */
  readonly isServed?: boolean;
}

/** Where the body of an answer comes from. */
export interface AnswerSource {
  /** Bytes that were announced, or 0. */
  readonly length: number;
  readonly flow: Flow;
  /** Told when nobody wants the rest. */
  readonly onCancel: () => void;
}

/** Takes the body of an answer as it comes, no further than 64 KiB and a chunk ahead of whoever reads it. */
export class AnswerReader {
  readonly #source: AnswerSource;
  /** What came and was not taken yet. */
  readonly #waiting: Uint8Array[] = [];
  #size = 0;
  /** What may wait before the target has to. */
  #limit = SMALL_BODY_BYTES;
  #end: "none" | "whole" | { readonly reason: unknown } = "none";
  #onChange = () => {};

  constructor(source: AnswerSource) {
    this.#source = source;
  }

  /** The next bytes. */
  add(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
    this.#size += chunk.length;
    if (this.#size > this.#limit) this.#source.flow.pause();
    this.#onChange();
  }

  /** All of it has come. */
  end(): void {
    if (this.#end === "none") this.#end = "whole";
    this.#onChange();
  }

  /** No more will come. */
  fail(reason: unknown): void {
    if (this.#end === "none") this.#end = { reason };
    this.#onChange();
  }

  /**
   * Whole if it is small and comes soon, or else a stream that errs where the target breaks off. Rejects where it does so at
   * once: nobody has been told anything yet.
   */
  async body({ isServed = false }: BodyUse = {}): Promise<AnswerBody> {
    if (this.#source.length <= SMALL_BODY_BYTES && await this.#comesSoon()) return concat(...this.#waiting);
    return this.#stream(isServed ? new Leftover() : undefined);
  }

  /** Whether all of it is there within a moment. */
  async #comesSoon(): Promise<boolean> {
    if (this.#end === "none") {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, SOON_MS);
      this.#onChange = () => (this.#size > SMALL_BODY_BYTES || this.#end !== "none") && resolve();
      await promise;
      clearTimeout(timer);
    }
    if (typeof this.#end === "object") throw this.#end.reason;
    return this.#end === "whole" && this.#size <= SMALL_BODY_BYTES;
  }

  #stream(leftover: Leftover | undefined): ReadableStream<Uint8Array> {
    this.#limit = 0; // what waits here is in nobody's cache when its turn comes
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const chunk = await this.#next();
        leftover?.replace(chunk);
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
      cancel: () => this.#source.onCancel(),
    }, { highWaterMark: 0 });
  }

  /** The next chunk; rejects where there is none any more, after all that came before. */
  async #next(): Promise<Uint8Array | undefined> {
    while (this.#waiting.length === 0 && this.#end === "none") {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onChange = resolve;
      this.#source.flow.resume();
      await promise;
    }
    const chunk = this.#waiting.shift();
    this.#size -= chunk?.length ?? 0;
    if (!chunk && typeof this.#end === "object") throw this.#end.reason;
    return chunk;
  }
}

/** Memory of a chunk that was passed on. Several chunks in a row may be parts of the same. */
class Leftover {
  #buffer: ArrayBufferLike | undefined;

  /** The chunk before this one is not needed any more. */
  replace(chunk: Uint8Array | undefined) {
    if (this.#buffer && this.#buffer !== chunk?.buffer) free(this.#buffer);
    this.#buffer = chunk?.buffer;
  }
}
