/**
 * What every serving peer answers itself, whatever it serves. Handlers never see these paths; who may not come in does not
 * get this far.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { SpeedTest } from "./_speed.ts";
import type { ServeInfo } from "./types.ts";

/** Everything below it is reserved (RFC 8615). */
const RESERVED_PATH = "/.well-known/skip/";

/** Answers 204 to whoever may come in. A raw TLS connection says who it is here, before it carries somebody else's requests. */
export const HELLO_PATH = `${RESERVED_PATH}hello`;

/** A WebSocket over which the two peers agree on further paths. */
export const CONTROL_PATH = `${RESERVED_PATH}control`;

/** Where a peer measures how fast the line is: see {@linkcode SpeedTest}. */
const SPEED_PATH = `${RESERVED_PATH}speed`;

/** A peer that says nothing on it for so long has gone: it asks every 2 s. */
export const CONTROL_SILENCE_MS = 30_000;

/** Takes over the control channel of a peer. */
export type OnControl = (socket: WebSocket, remote: Endpoint) => void;

/** Whether a request is not for the handler. */
export function isReserved(url: string): boolean {
  return url.startsWith(RESERVED_PATH, url.indexOf("/", "https://".length));
}

/** What the reserved paths lead to. */
export interface ReservedOptions {
  readonly speed: SpeedTest;
  readonly onControl?: OnControl | undefined;
}

/** The answer to a request for a reserved path, from somebody who may come in. */
export function answerReserved(
  request: Request,
  { remoteAddr }: ServeInfo,
  { speed, onControl }: ReservedOptions,
): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === SPEED_PATH) return speed.answer(request);
  if (pathname === CONTROL_PATH && onControl) return openControl(request, remoteAddr as Endpoint, onControl);
  if (pathname !== HELLO_PATH) return new Response(null, { status: 404 });
  if (request.method !== "GET") return new Response(null, { status: 405, headers: { allow: "GET" } });
  return new Response(null, { status: 204 });
}

function openControl(request: Request, remote: Endpoint, onControl: OnControl): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return new Response(null, { status: 426, headers: { upgrade: "websocket", connection: "upgrade" } });
  }
  // The tunnel is closed when it is silent. What Deno does to that end keeps the whole request in memory, and makes a timer with
  // each message: that would be a tenth of what a peer costs.
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  onControl(socket, { hostname: remote.hostname, port: remote.port });
  return response;
}
