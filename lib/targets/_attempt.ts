import { type AnswerBody, AnswerReader, type BodyUse } from "./_answer_body.ts";
import { TargetFault } from "./_fault.ts";
import type { HeaderPair } from "./_forward_headers.ts";
import type { ClientListener, Flow, HttpClient } from "./_http_client.ts";
import { RequestBody } from "./_request_body.ts";

/** What goes to the target. */
export interface TargetRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: readonly HeaderPair[];
  readonly body: ReadableStream<Uint8Array> | null;
  /** Bytes of the body, if that is known. */
  readonly length?: number | undefined;
  /** Ends the exchange, also while the body is on its way. */
  readonly signal: AbortSignal;
  /** How long the target may keep us waiting before the answer begins. */
  readonly headTimeoutMs: number;
}

/** What came back; its body is still to be read. */
export interface TargetAnswer {
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  /** Whole, or a stream that errs when the target breaks off before the end. To be called at once, or `discard` in its place. */
  body(use?: BodyUse): Promise<AnswerBody>;
  /** Lets go of the connection when the body is of no use. */
  discard(): void;
}

/** What an attempt leaves behind. */
export interface AttemptOptions {
  /** Whether the connection is of no use after this. */
  readonly last: boolean;
  /** Called once when the connection is not needed any more. */
  readonly onOver: () => void;
}

/** Sends one request over one connection and waits for the head of its answer. */
export function attempt(
  client: HttpClient,
  request: TargetRequest,
  options: AttemptOptions,
): Promise<TargetAnswer> {
  return new Attempt(client, request, options).answer;
}

class Attempt implements ClientListener {
  readonly #client: HttpClient;
  readonly #request: TargetRequest;
  readonly #options: AttemptOptions;
  readonly #answer = Promise.withResolvers<TargetAnswer>();
  readonly #body: RequestBody | undefined;
  #reader: AnswerReader | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(client: HttpClient, request: TargetRequest, options: AttemptOptions) {
    this.#client = client;
    this.#request = request;
    this.#options = options;
    const { body, length, signal } = request;
    this.#body = body
      ? new RequestBody(body, { length, onWait: (waiting) => this.#wait(waiting) })
      : undefined;
    signal.addEventListener("abort", this.#abort);
    if (signal.aborted) this.#abort();
    else this.#send();
  }

  get answer(): Promise<TargetAnswer> {
    return this.#answer.promise;
  }

  #send() {
    const { method, path, headers, length } = this.#request;
    const sized = length === undefined ? headers : [...headers, ["content-length", `${length}`]];
    this.#wait(true);
    this.#client.send(
      { method, path, headers: sized.flat(), body: this.#body?.parts() ?? null, last: this.#options.last },
      this,
    );
  }

  onHead(status: number, raw: string[], flow: Flow) {
    if (this.#isOver) return;
    this.#wait = () => {};
    clearTimeout(this.#patience);
    const headers: HeaderPair[] = [];
    for (let i = 0; i < raw.length; i += 2) headers.push([raw[i]!, raw[i + 1]!]);
    const length = headers.find(([name]) => name.toLowerCase() === "content-length")?.[1];
    const discard = () => this.#fail(new TargetFault("broken", "Nobody reads the answer"));
    const reader = new AnswerReader({ length: Number(length ?? 0), flow, onCancel: discard });
    this.#reader = reader;
    this.#answer.resolve({ status, headers, body: (use) => reader.body(use), discard });
  }

  onChunk(chunk: Uint8Array) {
    this.#reader?.add(chunk);
  }

  onEnd() {
    this.#reader?.end();
    this.#finish();
  }

  onError(error: Error) {
    this.#fail(error);
  }

  #abort = () => this.#fail(this.#request.signal.reason);

  #fail(reason: unknown) {
    if (this.#isOver) return;
    this.#answer.reject(reason);
    this.#reader?.fail(reason);
    this.#client.close(reason instanceof Error ? reason : new Error(String(reason)));
    this.#finish();
  }

  #finish() {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#patience);
    this.#request.signal.removeEventListener("abort", this.#abort);
    this.#body?.cancel();
    this.#options.onOver();
  }

  /** Whether it is the target that keeps us waiting, and not the peer who sends the body. */
  #wait = (waiting: boolean) => {
    clearTimeout(this.#patience);
    if (!waiting || this.#isOver) return;
    const { headTimeoutMs } = this.#request;
    const message = `The target has not answered within ${headTimeoutMs / 1000} s`;
    this.#patience = setTimeout(() => this.#fail(new TargetFault("no-answer", message)), headTimeoutMs);
  };
}
