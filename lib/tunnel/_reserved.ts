/**
 * What every serving peer answers itself, whatever it serves. Handlers never see these paths; who may not come in does not
 * get this far.
 *
 * @module
 */
import type { ServeInfo } from "./types.ts";

/** Everything below it is reserved (RFC 8615). */
const RESERVED_PATH = "/.well-known/skip/";

/** Answers 204 to whoever may come in. A raw TLS connection says who it is here, before it carries somebody else's requests. */
export const HELLO_PATH = `${RESERVED_PATH}hello`;

/** Whether a request is not for the handler. */
export function isReserved(url: string): boolean {
  return url.startsWith(RESERVED_PATH, url.indexOf("/", "https://".length));
}

/** The answer to a request for a reserved path, from somebody who may come in. */
export function answerReserved(request: Request, _info: ServeInfo): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname !== HELLO_PATH) return new Response(null, { status: 404 });
  if (request.method !== "GET") return new Response(null, { status: 405, headers: { allow: "GET" } });
  return new Response(null, { status: 204 });
}
