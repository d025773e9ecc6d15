import type { IncomingMessage } from "node:http";
import { concat } from "../bytes.ts";

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

/**
 * The body of an answer: whole if it is small and comes soon, or else a stream that reads no further than 64 KiB and a
 * chunk ahead of whoever takes it, and that errs where the target breaks off. Rejects where
 * it does so at once.
 */
export async function answerBody(message: IncomingMessage): Promise<AnswerBody> {
  const body = new Reading(message);
  const announced = Number(message.headers["content-length"] ?? 0);
  if (announced <= SMALL_BODY_BYTES && await body.comesSoon()) return body.whole();
  return body.stream();
}

class Reading {
  readonly #message: IncomingMessage;
  /** What came and was not taken yet. */
  readonly #waiting: Uint8Array[] = [];
  #size = 0;
  #end: "none" | "whole" | Error = "none";
  #onChange = () => {};

  constructor(message: IncomingMessage) {
    this.#message = message;
    message.on("data", (chunk: Uint8Array) => {
      this.#waiting.push(chunk);
      this.#size += chunk.length;
      if (this.#size > SMALL_BODY_BYTES) message.pause();
      this.#onChange();
    });
    message.once("end", () => this.#ended("whole"));
    message.on("error", (error) => this.#ended(error));
  }

  #ended(how: "whole" | Error) {
    if (this.#end === "none") this.#end = how;
    this.#onChange();
  }

  /** Whether all of it is there within a moment. Rejects if it never will be: nobody has been told anything yet. */
  async comesSoon(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, SOON_MS);
    this.#onChange = () => (this.#size > SMALL_BODY_BYTES || this.#end !== "none") && resolve();
    await promise;
    clearTimeout(timer);
    if (this.#end instanceof Error) throw this.#end;
    return this.#end === "whole" && this.#size <= SMALL_BODY_BYTES;
  }

  /** All of it, once it is there. */
  whole(): Uint8Array<ArrayBuffer> {
    return concat(...this.#waiting);
  }

  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      pull: (controller) => this.#pass(controller),
      cancel: () => void this.#message.destroy(),
    }, { highWaterMark: 0 });
  }

  /** Hands one chunk over, or the end; an error only after all that came before it. */
  async #pass(controller: ReadableStreamDefaultController<Uint8Array>) {
    while (this.#waiting.length === 0 && this.#end === "none") {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onChange = resolve;
      this.#message.resume();
      await promise;
    }
    const chunk = this.#waiting.shift();
    this.#size -= chunk?.length ?? 0;
    if (chunk) controller.enqueue(chunk);
    else if (this.#end === "whole") controller.close();
    else controller.error(this.#end);
  }
}
