import type { BodyUse } from "./_answer_body.ts";
import { bridgeWebSocket, isWebSocketRequest } from "./_web_socket.ts";
import type { TargetAnswer } from "./_attempt.ts";
import { Exchanger } from "./_exchange.ts";
import { faultOf, TargetFault } from "./_fault.ts";
import { relocate, requestHeaders, responseHeaders } from "./_forward_headers.ts";
import { closable, type ClosableTarget, type PeerInfo } from "./target.ts";

/** As long as programs may think about an answer; a stream of events begins its answer at once. */
const HEAD_TIMEOUT_MS = 120_000;
/** Statuses that have no body (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5). */
const BODILESS: readonly number[] = [204, 205, 304];

/** Options of {@linkcode proxyTarget}. */
export interface ProxyTargetOptions {
  /** How long the target may keep us waiting until its answer begins; then the peer gets 504. @default {120_000} */
  readonly headTimeoutMs?: number;
  /** Bytes that may wait on a WebSocket for a reader who is slower; then it is closed. @default {16_777_216} */
  readonly maxBufferedBytes?: number;
  /** Told why a request got 502 or 504, or why a WebSocket was closed. */
  readonly onFault?: (request: Request, fault: TargetFault) => void;
}

/**
 * Passes requests and WebSockets on to a web server: bodies as they come, both ways, redirects and encodings untouched.
 *
 * The target sees its own authority as `Host`, and who asked in `X-Forwarded-For`, `-Proto`, `-Host`, `-Prefix` (where it is
 * mounted) and `X-Skip-Remote-Id` (where the peer has proven its id); none of these is ever taken from the peer. The path is
 * that of `url` and behind it that of the request without the mount.
 *
 * By undici, since native `fetch` decodes bodies; WebSockets are native. Those have no back-pressure: one whose reader does
 * not follow is closed, and codes that a connecting side must not send reach the target as 1005.
 *
 * @example A web server of this machine
 * ```ts
 * import { proxyTarget } from "@skip-public-ip/skip-public-ip";
 *
 * await using app = Deno.serve({ hostname: "127.0.0.1", port: 0 }, () => new Response("hello"));
 * using target = proxyTarget(`http://127.0.0.1:${app.addr.port}`);
 * await using front = Deno.serve({ hostname: "127.0.0.1", port: 0 }, (request, info) => target(request, info));
 * console.log(await (await fetch(`http://127.0.0.1:${front.addr.port}`)).text()); // hello
 * ```
 *
 * @param url `http://HOST:PORT/path`.
 * @throws {TypeError} If it is none.
 */
export function proxyTarget(url: string | URL, options: ProxyTargetOptions = {}): ClosableTarget {
  return servedProxyTarget(url, options, { isServed: false });
}

/** The same where it may be known who reads the answers. */
export function servedProxyTarget(
  url: string | URL,
  options: ProxyTargetOptions,
  use: BodyUse,
): ClosableTarget {
  const proxy = new ReverseProxy(new URL(url), options, use);
  return closable((request, info, mount = "") => proxy.answer(request, info, mount), () => proxy.close());
}

class ReverseProxy {
  readonly #url: URL;
  readonly #options: ProxyTargetOptions;
  readonly #use: BodyUse;
  readonly #exchanger: Exchanger;
  /** For WebSockets; made when the first one comes. */
  #client: Deno.HttpClient | undefined;

  constructor(url: URL, options: ProxyTargetOptions, use: BodyUse) {
    if (url.protocol !== "http:") {
      throw new TypeError(
        `Cannot proxy: the target must be http://HOST:PORT/path, current value is "${url}"`,
      );
    }
    this.#url = url;
    this.#options = options;
    this.#use = use;
    const hostname = url.hostname.replace(/^\[|\]$/g, "");
    this.#exchanger = new Exchanger({ hostname, port: Number(url.port || 80) });
  }

  close() {
    this.#exchanger[Symbol.dispose]();
    this.#client?.close();
    this.#client = undefined;
  }

  async answer(request: Request, info: Deno.ServeHandlerInfo, mount: string): Promise<Response> {
    if (request.method === "CONNECT" || request.method === "TRACE") {
      return new Response(`405 Method Not Allowed\n\n${request.method} ends here.\n`, { status: 405 });
    }
    try {
      return await (isWebSocketRequest(request)
        ? this.#bridge(request, info, mount)
        : this.#pass(request, info, mount));
    } catch (error) {
      const fault = faultOf(error, this.#url.host);
      this.#options.onFault?.(request, fault);
      return fault.response();
    }
  }

  #bridge(request: Request, info: Deno.ServeHandlerInfo, mount: string): Promise<Response> {
    const { maxBufferedBytes, headTimeoutMs = HEAD_TIMEOUT_MS, onFault } = this.#options;
    return bridgeWebSocket(request, {
      url: `ws://${this.#url.host}${this.#path(request, mount)}`,
      headers: requestHeaders(request, { info, host: this.#url.host, mount }),
      client: this.#client ??= Deno.createHttpClient({ allowHost: true, http2: false }),
      openTimeoutMs: headTimeoutMs,
      disconnected: (info as PeerInfo).disconnected,
      onFault: (fault) => onFault?.(request, fault),
      ...(maxBufferedBytes === undefined ? {} : { maxBufferedBytes }),
    });
  }

  async #pass(request: Request, info: Deno.ServeHandlerInfo, mount: string): Promise<Response> {
    const { method, body } = request;
    const url = this.#url;
    const answer = await this.#exchanger.exchange({
      ...{ method, body, length: lengthOf(request), path: this.#path(request, mount) },
      headers: requestHeaders(request, { info, host: url.host, mount }),
      signal: goneSignal(info),
      headTimeoutMs: this.#options.headTimeoutMs ?? HEAD_TIMEOUT_MS,
    });
    return await responseOf(answer, method, {
      relocated: (location) => relocate(location, url, mount),
      use: this.#use,
    });
  }

  #path(request: Request, mount: string): string {
    const { pathname, search } = new URL(request.url);
    const path = pathname.slice(mount.length);
    return this.#url.pathname.replace(/\/$/, "") + (path.startsWith("/") ? path : `/${path}`) + search;
  }
}

/** Of a body that we have; without one the header would have the target wait for what never comes. */
function lengthOf({ body, headers }: Request): number | undefined {
  const length = headers.get("content-length");
  if (body === null || length === null || headers.has("transfer-encoding")) return undefined;
  if (!/^\d+$/.test(length)) throw new TargetFault("bad-answer", `The length of a body is "${length}"`);
  return Number(length);
}

/** Aborted when nobody waits for the answer any more. */
function goneSignal(info: Deno.ServeHandlerInfo): AbortSignal {
  const gone = new AbortController();
  const { disconnected } = info as PeerInfo; // not request.signal: reading it makes Deno 2.9 print a warning
  const abort = () => gone.abort(disconnected?.reason);
  const forget = () => disconnected?.removeEventListener("abort", abort);
  disconnected?.addEventListener("abort", abort);
  if (disconnected?.aborted) abort();
  info.completed.then(forget, (reason) => {
    forget();
    gone.abort(reason);
  });
  return gone.signal;
}

async function responseOf(
  answer: TargetAnswer,
  method: string,
  { relocated, use }: { relocated: (location: string) => string; use: BodyUse },
): Promise<Response> {
  const { status } = answer;
  const headers = responseHeaders(answer.headers);
  const location = headers.get("location");
  if (location !== null) headers.set("location", relocated(location));
  const bodiless = method === "HEAD" || BODILESS.includes(status);
  if (bodiless || status < 200 || status > 599) answer.discard();
  if (status < 200 || status > 599) throw new TargetFault("bad-answer", `The target's status is ${status}`);
  return new Response(bodiless ? null : await answer.body(use), { status, headers });
}
