import type { Credentials } from "../access/mod.ts";
import { PeerError } from "../errors.ts";
import { peerHostname, peerStandIn, trustAnchor } from "../identity/mod.ts";
import type { ByteStream } from "../punch/mod.ts";
import { openWebSocket, type OwnWebSocketOptions, sayGoodbye } from "./_open_web_socket.ts";
import { LoopbackProxy, type Ticket } from "./_loopback_proxy.ts";
import { isDenial } from "./_admission.ts";
import { denied, fetchFailure, pathFailure } from "./_failure.ts";
import { sayHello } from "./hello.ts";
import { HELLO_PATH } from "./_reserved.ts";
import { withSecondAttempt } from "./_second_attempt.ts";
import { closeQuietly } from "./splice.ts";
import { openTls } from "./_tls_stream.ts";

/** TCP has repeated a lost packet several times by then. */
const SILENCE_MS = 5_000;

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS"];

/** Options of {@linkcode openClient}. */
export interface TunnelClientOptions {
  /** Whom to reach, in the canonical form. */
  readonly id: string;
  /** The 32 bytes that `id` stands for. */
  readonly publicKey: Uint8Array;
  /**
   * Makes a path on which the peer waits for TLS. What it rejects with is what the caller of `fetch` or
   * `webSocket` gets, if it is a `PeerError`.
   */
  readonly openPath: (signal: AbortSignal) => Promise<ByteStream>;
  /** What we show to the peer with each request; without any, nobody learns who we are. */
  readonly credentials?: Credentials;
  /** How long a WebSocket may take on an open path before another one is tried beside it. @default {5_000} */
  readonly silenceMs?: number;
}

/** Options of {@linkcode TunnelClient.openStream}. */
export interface StreamOptions {
  /** Ends the attempt; a stream that is open stays so. */
  readonly signal?: AbortSignal;
  /** Leaves TLS, and with it the proof of who answers and who asks, to whoever uses the stream. @default {false} */
  readonly bare?: boolean;
}

/** Native `fetch` and `WebSocket` to one peer. Its methods need no `this`. */
export interface TunnelClient extends AsyncDisposable {
  /**
   * Native `fetch`; `input` is a path such as `/news`, or a URL at `https://<id>.skip.alt/`. In `response.url`, an
   * address of the discard-only prefix 100::/64 stands for the name, so that no resolver is asked.
   *
   * @throws {TypeError} If `input` names another host.
   * @throws {PeerError} If the peer cannot be reached, or does not let us in.
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * Gives a native WebSocket that is open. Its `url` has a stand-in for the name, too.
   *
   * @throws {PeerError} If the peer cannot be reached, does not let us in, or does not want a WebSocket there.
   */
  readonly webSocket: (path?: string, options?: OwnWebSocketOptions) => Promise<WebSocket>;
  /**
   * Gives a stream of bytes to the peer's own HTTP server, inside TLS: HTTP/1.1 is spoken on it.
   *
   * @throws {PeerError} If the peer cannot be reached, cannot prove its id, or does not let us in.
   */
  readonly openStream: (options?: StreamOptions) => Promise<ByteStream>;
  /** Ends all connections: WebSockets with a goodbye, everything else at once. Idempotent. */
  readonly close: () => Promise<void>;
}

/**
 * Gives native `fetch` and `WebSocket` over whatever `openPath` opens. TLS accepts the holder of the peer's key and
 * nobody else.
 */
export function openClient(options: TunnelClientOptions): TunnelClient {
  const client = new Client(options);
  const close = () => client.close();
  return {
    fetch: (input, init) => client.fetch(input, init),
    webSocket: (path, options) => client.webSocket(path, options),
    openStream: (options) => client.openStream(options),
    close,
    [Symbol.asyncDispose]: close,
  };
}

class Client {
  readonly #hostname: string;
  readonly #standIn: string;
  readonly #proxy: LoopbackProxy;
  readonly #credentials: Credentials | undefined;
  readonly #silenceMs: number;
  readonly #sockets = new Set<WebSocket>();
  readonly #fetchTicket: Ticket;
  #fetchClient: Promise<Deno.HttpClient> | undefined;
  readonly #anchor: Promise<string>;
  readonly #openPath: (signal: AbortSignal) => Promise<ByteStream>;
  readonly #streams = new Set<ByteStream>();
  readonly #over = new AbortController();
  #closing: Promise<void> | undefined;

  constructor({ id, publicKey, openPath, credentials, silenceMs = SILENCE_MS }: TunnelClientOptions) {
    this.#credentials = credentials;
    this.#silenceMs = silenceMs;
    this.#hostname = peerHostname(id);
    this.#standIn = peerStandIn(publicKey);
    this.#openPath = openPath;
    this.#proxy = new LoopbackProxy({ hostnames: [this.#hostname, this.#standIn], openPath });
    this.#fetchTicket = this.#proxy.issue();
    this.#anchor = trustAnchor(publicKey); // at once: it is ready when the first path is
    this.#anchor.catch(() => {}); // whoever needs it will see
  }

  async fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    this.#throwIfClosed();
    const request = this.#request(input, init);
    try {
      return await this.#send(request);
    } catch (error) {
      // A kept connection that the peer has closed since fails when it is used: what is safe to repeat gets another
      // one (RFC 9110 section 9.2.2).
      const broke = error instanceof PeerError && error.code === "tunnel-failed";
      if (!broke || !SAFE_METHODS.includes(request.method) || request.body) throw error;
      return await this.#send(request);
    }
  }

  async #send(request: Request): Promise<Response> {
    request.signal.throwIfAborted();
    const client = await (this.#fetchClient ??= this.#createHttpClient(this.#fetchTicket));
    const before = this.#fetchTicket.failures;
    try {
      this.#throwIfClosed();
      const response = await fetch(request, { client });
      if (!isDenial(response)) return response;
      await response.body?.cancel();
      throw denied(response.headers.get("date"));
    } catch (error) {
      request.signal.throwIfAborted();
      this.#throwIfClosed();
      throw fetchFailure(this.#fetchTicket, before, error);
    }
  }

  async webSocket(path = "/", options: OwnWebSocketOptions = {}): Promise<WebSocket> {
    options.signal?.throwIfAborted();
    this.#throwIfClosed();
    return await withSecondAttempt({
      begin: (signal) => {
        const ticket = this.#proxy.issue(options.until);
        return {
          opened: ticket.opened,
          result: this.#openWebSocket(path, { ...options, signal }, ticket),
          // It writes once it has accepted the certificate.
          isUnheard: () => !signal.aborted && ticket.tls !== undefined && ticket.tls.refused === undefined,
        };
      },
      discard: (socket) => socket.close(),
      silenceMs: this.#silenceMs,
      signal: options.signal,
    });
  }

  /** Each has credentials and an `HttpClient` of its own: that tells what became of this very one. */
  async #openWebSocket(path: string, options: OwnWebSocketOptions, ticket: Ticket): Promise<WebSocket> {
    const url = this.#resolve(path.replace(/^wss:/i, "https:")).replace(/^https:/, "wss:");
    const headers = this.#mark(new Headers(options.headers));
    try {
      using client = await this.#createHttpClient(ticket, { http2: false });
      this.#throwIfClosed();
      const findDenial = () => this.#findDenial(options.signal);
      const socket = await openWebSocket(url, client, ticket, { ...options, headers }, findDenial);
      this.#sockets.add(socket);
      socket.addEventListener("close", () => this.#sockets.delete(socket), { once: true });
      return socket;
    } catch (error) {
      options.signal?.throwIfAborted();
      this.#throwIfClosed();
      throw error;
    } finally {
      this.#proxy.cancel(ticket);
    }
  }

  async #findDenial(signal?: AbortSignal): Promise<PeerError | undefined> {
    try {
      const response = await this.fetch(HELLO_PATH, signal ? { signal } : {});
      await response.body?.cancel();
    } catch (error) {
      if (error instanceof PeerError && error.code === "denied") return error;
    }
    return undefined;
  }

  async openStream({ signal, bare = false }: StreamOptions = {}): Promise<ByteStream> {
    signal?.throwIfAborted();
    this.#throwIfClosed();
    const until = AbortSignal.any([this.#over.signal, ...(signal ? [signal] : [])]);
    const anchor = await this.#anchor;
    const path = await this.#openPath(until).catch((error) => {
      until.throwIfAborted();
      throw pathFailure(error);
    });
    if (bare) return this.#keep(path);
    // TLS sends a name in the clear before anything is encrypted (RFC 6066 section 3), and an address never.
    const options = { hostname: this.#standIn, anchor, signal: until };
    return this.#keep(await this.#introduce(await openTls(path, options), until));
  }

  /** Whoever writes requests on the stream knows nothing of ids: what we show to the peer is shown beforehand. */
  async #introduce(stream: ByteStream, signal: AbortSignal): Promise<ByteStream> {
    const credentials = this.#credentials;
    if (!credentials) return stream;
    try {
      await sayHello(stream, { hostname: this.#hostname, credentials, signal });
      return stream;
    } catch (error) {
      closeQuietly(stream);
      throw error;
    }
  }

  /** The stream ends with us. */
  #keep(stream: ByteStream): ByteStream {
    if (this.#closing) closeQuietly(stream);
    this.#throwIfClosed();
    const kept: ByteStream = {
      localAddr: stream.localAddr,
      remoteAddr: stream.remoteAddr,
      read: (buffer) => stream.read(buffer),
      write: (data) => stream.write(data),
      closeWrite: () => stream.closeWrite(),
      close: () => {
        this.#streams.delete(kept);
        closeQuietly(stream);
      },
    };
    this.#streams.add(kept);
    return kept;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close() {
    this.#over.abort(new PeerError("closed", "Cannot go on: the peer was closed"));
    const goodbyes = [...this.#sockets].map((socket) => sayGoodbye(socket));
    for (const stream of this.#streams) stream.close();
    const client = await this.#fetchClient?.catch(() => undefined);
    client?.close();
    await Promise.all(goodbyes);
    await this.#proxy.close();
  }

  async #createHttpClient(ticket: Ticket, options: Deno.CreateHttpClientOptions = {}) {
    const caCerts = [await this.#anchor];
    return Deno.createHttpClient({
      ...options,
      caCerts,
      proxy: this.#proxy.settings(ticket),
      allowHost: true, // the peer is to see its name, not the stand-in
    });
  }

  /** The request as it goes out: to the stand-in, under the peer's name. */
  #request(input: string | URL | Request, init: RequestInit): Request {
    const request = input instanceof Request
      ? new Request(this.#resolve(input.url), new Request(input, init))
      : new Request(this.#resolve(input), init);
    this.#mark(request.headers);
    return request;
  }

  /** For whom it is, and from whom. */
  #mark(headers: Headers): Headers {
    headers.set("host", this.#hostname);
    for (const [name, value] of this.#credentials?.headers() ?? []) headers.set(name, value);
    return headers;
  }

  #resolve(input: string | URL): string {
    const origin = `https://${this.#hostname}`;
    const url = new URL(input, origin);
    if (url.origin !== origin) {
      throw new TypeError(
        `Cannot open a URL of another host: it must begin with ${origin}/, current value is ${url.href}`,
      );
    }
    url.hostname = `[${this.#standIn}]`;
    return url.href;
  }

  #throwIfClosed() {
    if (this.#closing) throw new PeerError("closed", "Cannot go on: the peer was closed");
  }
}
