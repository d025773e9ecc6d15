import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { dialTcp, splice, TCP_PROTOCOL, webSocketStream } from "../tunnel/mod.ts";
import type { ByteStream } from "../punch/mod.ts";
import { whenDeserted } from "./_deserted.ts";
import { faultOf, TargetFault } from "./_fault.ts";
import { addressesOf } from "./_localhost.ts";
import type { PeerInfo, Target } from "./target.ts";

/** A program on this machine or nearby answers in less, or not at all. */
const DIAL_MS = 10_000;

/** Options of {@linkcode tcpTarget}. */
export interface TcpTargetOptions {
  /** Told why a connection could not be made; the peer got 502 or 504 in place of a WebSocket. */
  readonly onFault?: (request: Request, fault: TargetFault) => void;
}

/**
 * Serves a TCP service: each WebSocket of the subprotocol `skip.tcp` is joined to a connection of its own to `endpoint`.
 *
 * The connection is made first, so that a service that does not answer is told with 502 in place of a WebSocket. Any other
 * request gets 426 and the header `skip-service: tcp`.
 *
 * @example The SSH server of this machine, which `skip forward ID 2222` brings to a port there
 * ```ts
 * import { serve, tcpTarget } from "@skip-public-ip/skip-public-ip";
 *
 * await using server = await serve(tcpTarget({ hostname: "localhost", port: 22 }), { bootstrap: [] });
 * ```
 *
 * @param endpoint Where the service listens; the host may be a name.
 */
export function tcpTarget(endpoint: Endpoint, { onFault }: TcpTargetOptions = {}): Target {
  return async (request, info) => {
    if (!isForUs(request)) return explanation();
    let service;
    try {
      service = await dialService(endpoint);
    } catch (error) {
      const fault = asFault(error, formatEndpoint(endpoint));
      onFault?.(request, fault);
      return ofTcp(fault.response());
    }
    try {
      const { socket, response } = Deno.upgradeWebSocket(request, { protocol: TCP_PROTOCOL });
      whenDeserted(socket, (info as PeerInfo).disconnected, service.close.bind(service));
      void splice(service, webSocketStream(socket)); // how it ends, both sides see
      return response;
    } catch {
      service.close();
      return ofTcp(new Response("This is no proper WebSocket request.\n", { status: 400 }));
    }
  };
}

/** At the first of its addresses that answers. */
async function dialService({ hostname, port }: Endpoint): Promise<ByteStream> {
  const signal = AbortSignal.timeout(DIAL_MS);
  const errors: unknown[] = [];
  for (const address of addressesOf(hostname)) {
    try {
      return await dialTcp({ hostname: address, port }, signal);
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors[0];
}

function asFault(error: unknown, service: string): TargetFault {
  const isLate = error instanceof DOMException; // the signal's reason
  return isLate ? new TargetFault("no-answer", `${service} does not answer`) : faultOf(error, service);
}

function ofTcp(response: Response): Response {
  response.headers.set("skip-service", "tcp");
  return response;
}

function isForUs({ headers }: Request): boolean {
  const protocols = headers.get("sec-websocket-protocol")?.split(",").map((p) => p.trim()) ?? [];
  return headers.get("upgrade")?.toLowerCase() === "websocket" && protocols.includes(TCP_PROTOCOL);
}

function explanation(): Response {
  return ofTcp(
    new Response("This is a TCP service: reach it with skip forward.\n", {
      status: 426,
      headers: { upgrade: "websocket", connection: "upgrade" },
    }),
  );
}
