/**
 * One HTTP request to a target and the beginning of its answer.
 *
 * By `node:http` and not by `fetch`, which decodes every gzip and br body without a way to prevent it, adds headers of its
 * own, and asks the environment for proxies.
 *
 * @module
 */
import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { type AnswerBody, answerBody } from "./_answer_body.ts";
import { TargetFault } from "./_fault.ts";
import type { HeaderPair } from "./_forward_headers.ts";
import { lookupLocalhost } from "./_localhost.ts";
import { sendBody } from "./_send_body.ts";

/** The head of an answer; Node's own is 16 KiB, some programs set many cookies. */
const MAX_HEAD_BYTES = 64 * 1024;
/** Connections that are kept for the next request. */
const MAX_IDLE_CONNECTIONS = 64;
/** Methods that may be repeated when a kept connection turns out to be closed (RFC 9110 section 9.2.2). */
const REPEATABLE: readonly string[] = ["GET", "HEAD", "OPTIONS"];

/** What goes to the target. */
export interface TargetRequest {
  readonly hostname: string;
  readonly port: number;
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
  body(): Promise<AnswerBody>;
  /** Lets go of the connection when the body is of no use. */
  discard(): void;
}

/** Connections to targets, kept for the next request. */
export class Exchanger implements Disposable {
  readonly #kept = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_CONNECTIONS });

  /** Sends a request and waits for the head of its answer. Rejects with what `node:http` says, or `TargetFault`. */
  async exchange(request: TargetRequest): Promise<TargetAnswer> {
    // A request with a body gets a connection of its own: it could not be sent again if a kept one is stale.
    const kept = request.body === null && REPEATABLE.includes(request.method);
    const attempt = new Attempt(request, kept ? this.#kept : false);
    try {
      return await attempt.answer;
    } catch (error) {
      if (!attempt.stale || request.signal.aborted) throw error;
      return await new Attempt(request, false).answer;
    }
  }

  /** Closes the kept connections. */
  [Symbol.dispose]() {
    this.#kept.destroy();
  }
}

class Attempt {
  readonly answer: Promise<TargetAnswer>;
  readonly #outgoing: ClientRequest;
  readonly #request: TargetRequest;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #failed = false;

  constructor(request: TargetRequest, agent: Agent | false) {
    const { hostname, port, method, path, headers, length } = request;
    this.#request = request;
    this.#outgoing = httpRequest({
      ...{ hostname, port, method, path, agent, setHost: false, maxHeaderSize: MAX_HEAD_BYTES },
      ...(hostname === "localhost" ? { lookup: lookupLocalhost } : {}),
      headers: [...headers, ...(length === undefined ? [] : [["content-length", `${length}`]])].flat(),
    });
    this.answer = this.#exchange();
  }

  /** Whether it failed because the target had closed a connection that we had kept. */
  get stale(): boolean {
    return this.#failed && this.#outgoing.reusedSocket;
  }

  async #exchange(): Promise<TargetAnswer> {
    const { signal, body, length } = this.#request;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const abort = () => this.#outgoing.destroy(signal.reason);
    this.#outgoing.once("close", () => signal.removeEventListener("abort", abort));
    this.#outgoing.once("response", resolve);
    this.#outgoing.on("error", reject); // for as long as it lives: what comes after the answer shows in its body
    this.#outgoing.once("upgrade", (_, socket) => {
      socket.destroy();
      reject(new TargetFault("bad-answer", "The target changed to a protocol that it was not asked for"));
    });
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    this.#wait(true);
    try {
      if (body === null) this.#outgoing.end();
      else void sendBody(this.#outgoing, body, { length, onWait: (waiting) => this.#wait(waiting) });
      return answerOf(await promise);
    } catch (error) {
      this.#failed = true;
      throw error;
    } finally {
      this.#wait = () => {};
      clearTimeout(this.#patience);
    }
  }

  /** Whether it is the target that keeps us waiting, and not the peer who sends the body. */
  #wait = (waiting: boolean) => {
    clearTimeout(this.#patience);
    if (!waiting) return;
    const { headTimeoutMs } = this.#request;
    const giveUp = () => {
      const message = `The target has not answered within ${headTimeoutMs / 1000} s`;
      this.#outgoing.destroy(new TargetFault("no-answer", message));
    };
    this.#patience = setTimeout(giveUp, headTimeoutMs);
  };
}

function answerOf(message: IncomingMessage): TargetAnswer {
  const { statusCode = 0, rawHeaders } = message;
  const headers: HeaderPair[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  message.on("error", () => {}); // also where nobody reads the body
  const [body, discard] = [() => answerBody(message), () => void message.resume()];
  return { status: statusCode, headers, body, discard };
}
