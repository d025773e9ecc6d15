import type { Ticket } from "./_loopback_proxy.ts";
import { holdEarlyEvents } from "./_early_events.ts";
import { type FindDenial, webSocketFailure } from "./_failure.ts";

/** How long {@linkcode sayGoodbye} waits. */
const CLOSE_GRACE_MS = 1000;

/** Options of {@linkcode TunnelClient.webSocket}. */
export interface WebSocketOptions {
  /** Subprotocols to offer, in order of preference. */
  readonly protocols?: string | string[];
  /** Headers of the upgrade request. */
  readonly headers?: HeadersInit;
  /** Ends the attempt; a WebSocket that is open stays so. */
  readonly signal?: AbortSignal;
}

/** The same for a WebSocket that a peer must not hold on to. */
export interface OwnWebSocketOptions extends WebSocketOptions {
  /** Ends its connection at once, whatever the peer is saying. */
  readonly until?: AbortSignal;
}

/** Makes a native WebSocket and waits until it is open. */
export async function openWebSocket(
  url: string,
  client: Deno.HttpClient,
  ticket: Ticket,
  { protocols = [], headers = {}, signal }: WebSocketOptions,
  findDenial?: FindDenial,
): Promise<WebSocket> {
  signal?.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = new WebSocket(url, { protocols, headers, client });
  const letGo = holdEarlyEvents(socket);
  let detail = "";
  const onError = (event: Event) => detail = (event as ErrorEvent).message;
  const onAbort = () => socket.close();
  const onClose = () => resolve(false); // comes after the error, when nothing is left behind
  const onOpen = () => resolve(true);
  socket.addEventListener("open", onOpen);
  socket.addEventListener("error", onError);
  socket.addEventListener("close", onClose);
  signal?.addEventListener("abort", onAbort);
  try {
    const open = await promise;
    signal?.throwIfAborted();
    if (open) {
      letGo();
      return socket;
    }
    throw await webSocketFailure(ticket, detail, findDenial);
  } finally {
    socket.removeEventListener("open", onOpen);
    socket.removeEventListener("error", onError);
    socket.removeEventListener("close", onClose);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Resolves when the socket is closed, or the other side has been given its time. */
export async function sayGoodbye(socket: WebSocket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CLOSE_GRACE_MS);
  socket.addEventListener("close", () => resolve(), { once: true });
  socket.close();
  await promise;
  clearTimeout(timer);
}
