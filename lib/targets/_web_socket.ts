import { TargetFault } from "./_fault.ts";
import { addressesOf } from "./_localhost.ts";
import type { HeaderPair } from "./_forward_headers.ts";
import { Bridge, MAX_BUFFERED_BYTES, type WebSocketBridgeOptions } from "./_bridge.ts";

/** Options of {@linkcode bridgeWebSocket}. */
export interface BridgeOptions {
  /** The target's, with `ws:`. */
  readonly url: string;
  /** What the target gets; those of the handshake are left out. */
  readonly headers: readonly HeaderPair[];
  /** Allows a `Host` of our own. */
  readonly client: Deno.HttpClient;
  /** How long the target may take to open. */
  readonly openTimeoutMs: number;
  /** Bytes that may wait for a slow reader. @default {16_777_216} */
  readonly maxBufferedBytes?: number;
  /** Aborted when the peer's connection is gone, where somebody tells. */
  readonly disconnected?: AbortSignal | undefined;
  /** Told why a WebSocket that was open was closed. */
  readonly onFault: (fault: TargetFault) => void;
}

/** Whether a request asks to become a WebSocket (RFC 6455 section 4.1). */
export function isWebSocketRequest({ method, headers }: Request): boolean {
  return method === "GET" && headers.get("upgrade")?.trim().toLowerCase() === "websocket";
}

/**
 * Opens a WebSocket to the target, and only then accepts that of the peer: with the subprotocol that the target chose. A target
 * that refuses gives the peer its status.
 */
export async function bridgeWebSocket(request: Request, options: BridgeOptions): Promise<Response> {
  const { maxBufferedBytes = MAX_BUFFERED_BYTES, onFault } = options;
  const protocols = (request.headers.get("sec-websocket-protocol") ?? "").split(",")
    .map((name) => name.trim()).filter((name) => name !== "");
  const opened = await openFirst(options, protocols, { maxBufferedBytes, onFault });
  if (typeof opened === "number") return new Response(null, { status: opened });
  const { target, bridge } = opened;
  const { protocol } = target;
  try {
    const { socket, response } = Deno.upgradeWebSocket(request, protocol ? { protocol } : {});
    bridge.join(socket, options.disconnected);
    return response;
  } catch {
    target.close();
    return new Response("This is no proper WebSocket request.\n", { status: 400 });
  }
}

/** What came of a handshake with the target: a WebSocket, or the status with which it refused. */
type Opened = { readonly target: WebSocket; readonly bridge: Bridge } | number;

async function openFirst(
  { url, headers, client, openTimeoutMs }: BridgeOptions,
  protocols: string[],
  options: WebSocketBridgeOptions,
): Promise<Opened> {
  const own = headers.filter(([name]) => !name.startsWith("sec-websocket-"));
  const urls = urlsOf(url);
  for (const [nth, one] of urls.entries()) {
    const target = new WebSocket(one, { protocols, headers: own, client });
    const bridge = new Bridge(target, options);
    try {
      const status = await opening(target, openTimeoutMs);
      return status ?? { target, bridge };
    } catch (error) {
      const next = error instanceof TargetFault && error.code === "not-listening" && nth + 1 < urls.length;
      if (!next) throw error;
    }
  }
  throw new TargetFault("not-listening", `The target has no address: ${url}`);
}

/** A native WebSocket tries one address of a name only. */
function urlsOf(url: string): string[] {
  return addressesOf(new URL(url).hostname).map((address) =>
    url.replace("//localhost", address.includes(":") ? `//[${address}]` : `//${address}`)
  );
}

/** Resolves when it is open, or with the status of the refusal; rejects with `TargetFault`. */
async function opening(target: WebSocket, timeoutMs: number): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  let detail = "it closed the connection";
  const timer = setTimeout(() => {
    reject(
      new TargetFault("no-answer", `The target has not opened a WebSocket within ${timeoutMs / 1000} s`),
    );
    target.close();
  }, timeoutMs);
  target.addEventListener("open", () => resolve(undefined));
  target.addEventListener("error", (event) => detail = (event as ErrorEvent).message || detail);
  target.addEventListener("close", () => {
    const status = Number(detail.match(/status code: ([345]\d\d)/)?.[1]);
    if (status) return resolve(status);
    const code = /connect error|dns error/i.test(detail) ? "not-listening" : "bad-answer";
    reject(new TargetFault(code, `The target did not open a WebSocket: ${detail}`));
  });
  return await promise.finally(() => clearTimeout(timer));
}
