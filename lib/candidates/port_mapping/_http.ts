import { type IncomingMessage, request } from "node:http";

/** A router's description is some thousand bytes. */
const MAX_BODY_BYTES = 65_536;
/** A router is near, and slow. */
const TIMEOUT_MS = 3000;

/** What a router answered over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** A request that is not just for what is at a URL. */
export interface HttpOptions {
  readonly signal: AbortSignal;
  /** For a POST. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Asks a router over HTTP; `null` for anything that is not a whole answer of at most 64 KiB within 3 s. Rejects only with
 * `signal.reason`.
 *
 * Not `fetch()`: that follows redirections and the system's proxy, and writes all headers in lower case, which some routers do
 * not understand.
 */
export async function askOverHttp(url: URL, options: HttpOptions): Promise<HttpAnswer | null> {
  const { signal } = options;
  signal.throwIfAborted();
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    return await exchangeHttp(url, options, until);
  } catch {
    signal.throwIfAborted();
    return null;
  } finally {
    over.abort();
  }
}

function exchangeHttp(url: URL, { body, headers }: HttpOptions, signal: AbortSignal): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const bytes = new TextEncoder().encode(body ?? "");
  const outgoing = request({
    ...{ host: url.hostname, port: url.port || 80, path: url.pathname + url.search, agent: false, signal },
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...{ Host: url.host, Connection: "close", ...headers },
      ...(body === undefined ? {} : { "Content-Length": `${bytes.length}` }),
    },
  }, (incoming) => readText(incoming).then(resolve, reject).finally(() => outgoing.destroy()));
  outgoing.on("error", reject);
  outgoing.end(bytes);
  return promise;
}

async function readText(incoming: IncomingMessage): Promise<HttpAnswer> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new RangeError("Cannot take an answer of more than 64 KiB");
    text += decoder.decode(chunk, { stream: true });
  }
  return { status: incoming.statusCode ?? 0, text: text + decoder.decode() };
}
