/**
 * The connecting peer: resolves the id, punches a path, has it proven, and speaks native TLS, HTTP and WebSocket over it.
 *
 * @module
 */
import { generateIdentity, type Identity, parsePeerId } from "./identity/mod.ts";
import { Credentials, readToken } from "./access/mod.ts";
import { parseHostPort } from "./endpoint.ts";
import { type NetworkOptions, openNetwork, PUBLIC_STUN, reportOnline } from "./network.ts";
import { DialledPeer, type PeerStats } from "./_dialled_peer.ts";
import type { PathInfo } from "./_path_info.ts";
import type { Traffic } from "./_path_pool.ts";
import { reporter } from "./progress.ts";
import type { ByteStream } from "./punch/mod.ts";
import type { StreamOptions, WebSocketOptions } from "./tunnel/mod.ts";

export type { ByteStream, PathInfo, PeerStats, StreamOptions, Traffic, WebSocketOptions };

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
  /**
   * Whether a peer that is no longer heard is looked for again at once, with `lost` and `restored` told to `onProgress`, and
   * not only at the next request. What was open when it was lost is closed in both cases.
   *
   * @default {false}
   */
  readonly reconnect?: boolean;
}

/** Options of {@linkcode connect}. */
export interface ConnectOptions extends Omit<DialOptions, "reconnect">, WebSocketOptions {
  /** Path and query of the request. @default {"/"} */
  readonly path?: string;
}

/** A peer that can be reached: every request or WebSocket gets a path of its own. */
export interface Peer extends AsyncDisposable {
  /** The id in its canonical form. */
  readonly id: string;
  /** The newest path. */
  readonly path: PathInfo;
  /** What went over all paths, and how long the round trips were of late. */
  stats(): PeerStats;
  /**
   * One round trip in milliseconds; where the peer was lost, after it has been found again.
   * Rejects with `signal.reason`, with an `AbortError` if the peer is lost before it answers, or with `PeerError` `closed`.
   */
  ping(options?: { signal?: AbortSignal }): Promise<number>;
  /**
   * Native `fetch`; `input` is a path such as `/news`, or a URL at `https://<id>.skip.alt/`. In `response.url`, an address of the
   * discard-only prefix 100::/64 stands for the name.
   * Rejects with `TypeError` if `input` names another host, with `PeerError` if the peer cannot be reached or does not let us in.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * A native WebSocket that is open; its `url` has the stand-in, too.
   * Rejects with `PeerError` if the peer cannot be reached, does not let us in, or does not want a WebSocket there.
   */
  webSocket(path?: string, options?: WebSocketOptions): Promise<WebSocket>;
  /**
   * A stream of bytes to the peer's own HTTP server, inside TLS: a program that speaks HTTP/1.1 can be joined to it as it is. Who we
   * are is shown first, so that every request on the stream is ours.
   * Rejects with `PeerError` if the peer cannot be reached, cannot prove its id, or does not let us in.
   */
  openStream(options?: StreamOptions): Promise<ByteStream>;
  /** Ends every connection to the peer; resolves when that is done. Idempotent. */
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
  return await openPeer(id, options, { lasting: true });
}

async function openPeer(id: string, options: DialOptions, { lasting }: { lasting: boolean }): Promise<Peer> {
  const { id: canonical, publicKey } = parsePeerId(id);
  const { signal = new AbortController().signal, identity = generateIdentity() } = options;
  const credentials = readCredentials(options, canonical, publicKey);
  signal.throwIfAborted();
  const report = reporter(options.onProgress);
  const stun = (options.stun ?? PUBLIC_STUN).map(parseHostPort);
  const { portMapping = true, reconnect = false } = options;

  await using stack = new AsyncDisposableStack();
  const { discovery } = stack.use(await openNetwork(options, { readOnly: true }));
  stack.use(reportOnline(discovery, report));
  const about = { id: canonical, publicKey, identity, credentials, discovery, stun, portMapping };
  const peer = stack.use(await DialledPeer.open({ ...about, reconnect, lasting, report }, signal));
  const resources = stack.move();
  let closing: Promise<void> | undefined;
  const close = () => closing ??= resources.disposeAsync();
  return {
    id: canonical,
    get path() {
      return peer.path;
    },
    stats: () => peer.stats(),
    ping: (options) => peer.ping(options),
    fetch: peer.client.fetch,
    webSocket: peer.client.webSocket,
    openStream: peer.client.openStream,
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
  const peer = await openPeer(id, options, { lasting: false });
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
