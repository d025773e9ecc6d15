/**
 * The connecting peer: resolves the id, punches a path, has it proven, and speaks native TLS, HTTP and WebSocket over it.
 *
 * @module
 */
import { generateIdentity, type Identity, parsePeerId } from "./identity/mod.ts";
import { Credentials, readToken } from "./access/mod.ts";
import { parseHostPort } from "./endpoint.ts";
import { type NetworkOptions, openNetwork, PUBLIC_STUN, reportOnline } from "./network.ts";
import { PathFinder, type PathInfo } from "./_path_finder.ts";
import { reporter } from "./progress.ts";
import type { ByteStream } from "./punch/mod.ts";
import { openClient, type WebSocketOptions } from "./tunnel/mod.ts";

export type { PathInfo, WebSocketOptions };

/** The serving peer closes a path that is not used for 15 s; one that waited this long is not worth a try. */
const READY_PATH_LIFETIME_MS = 10_000;

/** Options of {@linkcode dial}. */
export interface DialOptions extends NetworkOptions {
  /**
   * Who we are: given, it is proven to the peer with every request, whose handler has our id in `info.remoteId`. By default
   * nothing is shown, and each dial knocks with an identity of its own, so that nobody can link one to the next.
   */
  readonly identity?: Identity;
  /** An invitation of the peer. It is bound to the id that uses it first, so it needs an `identity`. */
  readonly token?: string;
  /** Ends the attempt; `dial` rejects with its reason. A peer that is open is closed by {@linkcode Peer.close}. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode connect}. */
export interface ConnectOptions extends DialOptions, WebSocketOptions {
  /** Path and query of the request. @default {"/"} */
  readonly path?: string;
}

/** A peer that can be reached: every request or WebSocket gets a path of its own. */
export interface Peer extends AsyncDisposable {
  /** The id in its canonical form. */
  readonly id: string;
  /** The newest path. */
  readonly path: PathInfo;
  /** Native `fetch`; `input` is a path such as `/news`, or a URL at `https://<id>.skip.alt/`. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** A native WebSocket that is open. */
  webSocket(path?: string, options?: WebSocketOptions): Promise<WebSocket>;
  /** Ends every connection to the peer. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens a path to a peer, over which any number of requests and WebSockets can follow.
 *
 * @example Fetch something, then talk
 * ```ts
 * import { dial, serve } from "@skip-public-ip/skip-public-ip";
 *
 * await using server = await serve(() => new Response("hello"), { bootstrap: [] });
 *
 * await using peer = await dial(server.id, { bootstrap: [`127.0.0.1:${server.port}`] });
 * const response = await peer.fetch("/");
 * console.log(await response.text(), peer.path.kind); // hello host
 * ```
 *
 * @param id 52 characters, as `serve` gives them.
 * @throws {SyntaxError} If the id or a bootstrap node is malformed, or the token is none of this peer.
 * @throws {TypeError} If there is a token, but no identity.
 * @throws {PeerError} With the code of the stage that failed, see {@linkcode PeerErrorCode}.
 */
export async function dial(id: string, options: DialOptions = {}): Promise<Peer> {
  const { id: canonical, publicKey } = parsePeerId(id);
  const { signal = new AbortController().signal, identity = generateIdentity() } = options;
  const credentials = readCredentials(options, canonical, publicKey);
  signal.throwIfAborted();
  const report = reporter(options.onProgress);
  const stun = (options.stun ?? PUBLIC_STUN).map(parseHostPort);

  await using stack = new AsyncDisposableStack();
  const { discovery } = stack.use(await openNetwork(options, 0));
  stack.use(reportOnline(discovery, report));
  const finder = new PathFinder({
    ...{ publicKey, identity, discovery, report, stun },
    portMapping: options.portMapping ?? true,
  });
  const ready = stack.adopt(new ReadyPath(), (path) => path.close());
  const client = stack.use(openClient({
    id: canonical,
    publicKey,
    openPath: (signal) => Promise.resolve(ready.take() ?? finder.open(signal)),
    ...(credentials ? { credentials } : {}),
  }));
  ready.put(await finder.open(signal));
  const resources = stack.move();
  const close = () => resources.disposeAsync();
  return {
    id: canonical,
    get path() {
      return finder.path!;
    },
    fetch: client.fetch,
    webSocket: client.webSocket,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What we show to the peer, if anything. */
function readCredentials(
  { identity, token }: DialOptions,
  audience: string,
  publicKey: Uint8Array,
): Credentials | undefined {
  if (token !== undefined && !readToken(token, publicKey)) {
    throw new SyntaxError(`Cannot use the token: it is not an invitation of the peer ${audience}`);
  }
  if (identity) return new Credentials({ identity, audience, token });
  if (token === undefined) return undefined;
  throw new TypeError("Cannot use the token: it is bound to an id, so it needs the option identity");
}

/** The first path, which waits for the first connection. */
class ReadyPath {
  #stream: ByteStream | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  put(stream: ByteStream) {
    this.#stream = stream;
    this.#timer = setTimeout(() => this.close(), READY_PATH_LIFETIME_MS);
  }

  take(): ByteStream | undefined {
    clearTimeout(this.#timer);
    const stream = this.#stream;
    this.#stream = undefined;
    return stream;
  }

  close() {
    this.take()?.close();
  }
}

/**
 * Connects to a serving peer and gives a native, open `WebSocket`. Everything behind it is closed with it.
 *
 * @example See {@linkcode serve} for both sides
 * ```ts
 * import { connect } from "@skip-public-ip/skip-public-ip";
 *
 * try {
 *   await connect("not an id");
 * } catch (error) {
 *   console.log((error as Error).name); // SyntaxError
 * }
 * ```
 *
 * @param id 52 characters, as `serve` gives them.
 * @throws {SyntaxError} If the id or a bootstrap node is malformed, or the token is none of this peer.
 * @throws {TypeError} If there is a token, but no identity.
 * @throws {PeerError} With the code of the stage that failed, see {@linkcode PeerErrorCode}.
 */
export async function connect(id: string, options: ConnectOptions = {}): Promise<WebSocket> {
  const start = performance.now();
  const peer = await dial(id, options);
  try {
    const { path = "/", signal, protocols, headers } = options;
    const socket = await peer.webSocket(path, {
      ...(signal ? { signal } : {}),
      ...(protocols ? { protocols } : {}),
      ...(headers ? { headers } : {}),
    });
    socket.addEventListener("close", () => void peer.close().catch(() => {}), { once: true });
    reporter(options.onProgress)({ type: "open", ms: performance.now() - start });
    return socket;
  } catch (error) {
    await peer.close();
    throw error;
  }
}
