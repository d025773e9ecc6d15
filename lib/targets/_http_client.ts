/**
 * One connection to a target. The only file that imports `undici`.
 *
 * Not native `fetch`, which decodes every gzip and br body without a way to prevent it, adds headers of its own, and asks the
 * environment for proxies. Not `node:http`, which takes more processor time and, for a large body, twice the memory; its chunks
 * cannot be freed, as it uses them again.
 *
 * @module
 */
import type { Client, Dispatcher } from "undici";
import type { Endpoint } from "../endpoint.ts";
import { TargetFault } from "./_fault.ts";
import { lookupLocalhost } from "./_localhost.ts";

/** The head of an answer; Node's own limit is 16 KiB, some programs set many cookies. */
const MAX_HEAD_BYTES = 64 * 1024;

const UNASKED = "The target changed to a protocol that it was not asked for";

/** What is asked; hop-by-hop headers are the connection's own affair. */
export interface ClientRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names and values in turn; with `content-length` if a body has one. */
  readonly headers: string[];
  readonly body: AsyncIterable<Uint8Array> | null;
  /** Whether the connection is of no use after this. */
  readonly last: boolean;
}

/** Stops and goes on with what comes. */
export type Flow = Pick<Dispatcher.DispatchController, "pause" | "resume">;

/** Told in this order: a head, chunks, and the end of it or an error, which may also come first. */
export interface ClientListener {
  /** Names and values in turn. */
  onHead(status: number, headers: string[], flow: Flow): void;
  /** In memory that nobody else uses. */
  onChunk(chunk: Uint8Array): void;
  onEnd(): void;
  onError(error: Error): void;
}

/** Takes one request after the other. */
export class HttpClient {
  readonly #client: Client;
  #isLost = false;

  private constructor(client: Client) {
    this.#client = client;
    client.on("disconnect", () => this.#isLost = true);
  }

  /** Connects with the first request. Rejects if permission to read the environment is neither given nor ignored. */
  static async open({ hostname, port }: Endpoint): Promise<HttpClient> {
    // Only now, as it reads the environment when it is loaded; by its default export, since it has no other in a bundle.
    const { default: { Client } } = await import("undici");
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    const lookup = hostname === "localhost" ? { lookup: lookupLocalhost } : {};
    return new HttpClient(
      new Client(`http://${host}:${port}`, {
        ...{ maxHeaderSize: MAX_HEAD_BYTES, headersTimeout: 0, bodyTimeout: 0, allowH2: false },
        connect: { timeout: 0, ...lookup },
      }),
    );
  }

  /** Whether a connection that was there is not there any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Sends a request and tells what comes of it. */
  send({ method, path, headers, body, last }: ClientRequest, listener: ClientListener): void {
    const reset = last ? { reset: true } : {}; // not false, which would keep a connection after HEAD also
    const request = { method, path, headers, body, ...reset } as unknown as Dispatcher.DispatchOptions;
    this.#client.dispatch(request, handlerOf(listener));
  }

  /** Closes the connection, whatever is on its way. Idempotent. */
  close(reason?: Error): void {
    this.#isLost = true;
    void this.#client.destroy(reason ?? null);
  }
}

function handlerOf(listener: ClientListener): Dispatcher.DispatchHandler {
  return {
    onRequestStart() {},
    onResponseStart(controller, status) {
      if (status < 200) return; // the answer itself is still to come (RFC 9110 section 15.2)
      const headers = (controller.rawHeaders as Buffer[]).map((bytes) => bytes.toString("latin1"));
      listener.onHead(status, headers, controller);
    },
    onResponseData(_controller, chunk) {
      if (chunk.length > 0) listener.onChunk(chunk); // empty ones come after each pause
    },
    onResponseEnd: () => listener.onEnd(),
    onResponseError(_controller, error) {
      const isUpgrade = error.message === "bad upgrade"; // it has no code of its own
      listener.onError(isUpgrade ? new TargetFault("bad-answer", UNASKED, { cause: error }) : error);
    },
  };
}
