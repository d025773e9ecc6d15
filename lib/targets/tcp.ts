import type { Endpoint } from "../endpoint.ts";
import { dialTcp, splice, TCP_PROTOCOL, webSocketStream } from "../tunnel/mod.ts";

/** A program on this machine or nearby answers in less, or not at all. */
const DIAL_MS = 10_000;

/**
 * Serves a TCP service: each WebSocket of the subprotocol `skip.tcp` is joined to a connection of its own to `endpoint`.
 *
 * The connection is made first, so that a service that does not answer is told with 502 in place of a WebSocket. Any other
 * request gets 426 and the header `skip-service: tcp`.
 *
 * @param endpoint Where the service listens; the host may be a name.
 */
export function tcpTarget(endpoint: Endpoint): Deno.ServeHandler {
  return async (request) => {
    if (!isForUs(request)) return explanation();
    let service;
    try {
      service = await dialTcp(endpoint, AbortSignal.timeout(DIAL_MS));
    } catch (error) {
      const why = (error as { code?: string }).code ?? (error as Error).name;
      return new Response(`The service does not answer: ${why}\n`, { status: 502, headers: HEADERS });
    }
    try {
      const { socket, response } = Deno.upgradeWebSocket(request, { protocol: TCP_PROTOCOL });
      void splice(service, webSocketStream(socket)); // how it ends, both sides see
      return response;
    } catch {
      service.close();
      return new Response("This is no proper WebSocket request.\n", { status: 400, headers: HEADERS });
    }
  };
}

const HEADERS = { "skip-service": "tcp" };

function isForUs({ headers }: Request): boolean {
  const protocols = headers.get("sec-websocket-protocol")?.split(",").map((p) => p.trim()) ?? [];
  return headers.get("upgrade")?.toLowerCase() === "websocket" && protocols.includes(TCP_PROTOCOL);
}

function explanation(): Response {
  return new Response("This is a TCP service: reach it with skip forward.\n", {
    status: 426,
    headers: { ...HEADERS, upgrade: "websocket", connection: "upgrade" },
  });
}
