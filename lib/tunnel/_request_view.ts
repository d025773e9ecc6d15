import { PROOF_HEADER, TOKEN_HEADER } from "../access/mod.ts";

/** What was shown to the tunnel is nobody else's business: a target might log it, or send it on. */
const CREDENTIALS: readonly string[] = [PROOF_HEADER, TOKEN_HEADER];
/** Methods of which no `Request` can be made ("forbidden methods" of the Fetch standard), though they may come in. */
const FORBIDDEN: readonly string[] = ["CONNECT", "TRACE", "TRACK"];

/** Requests as the handler gets them: under our own name, and without the peer's credentials. */
export class RequestView {
  readonly #origin: string;
  readonly #standInOrigin: string;

  constructor(hostname: string, standIn: string) {
    this.#origin = `https://${hostname}`;
    this.#standInOrigin = `https://[${standIn}]`;
  }

  /** The request to show; `completed` rejects when the peer goes away before it has the answer. */
  of(request: Request, completed: Promise<void>): Request {
    // HTTP/2 names the URL's host, which on the other side is the stand-in; HTTP/1.1 names us.
    const foreign = request.url.startsWith(this.#standInOrigin);
    const url = foreign ? this.#origin + request.url.slice(this.#standInOrigin.length) : request.url;
    const laden = CREDENTIALS.some((name) => request.headers.has(name));
    if (!foreign && !laden) return request;
    const headers = new Headers(request.headers);
    for (const name of CREDENTIALS) headers.delete(name);
    const { method, body } = request;
    if (headers.has("upgrade") || FORBIDDEN.includes(method)) return changed(request, { url, headers });
    // Not the request's own signal: touching it makes Deno 2.9 print a warning.
    const gone = new AbortController();
    completed.catch((reason) => gone.abort(reason));
    return new Request(url, { method, headers, body, signal: gone.signal });
  }
}

/** Only the very request that came can become a WebSocket, and its own properties cannot be changed. */
function changed(request: Request, { url, headers }: Pick<Request, "url" | "headers">): Request {
  const { method } = request;
  const clone = () => new Request(url, { method, headers });
  const properties = { url: { value: url }, headers: { value: headers }, clone: { value: clone } };
  return Object.defineProperties(request, properties);
}
