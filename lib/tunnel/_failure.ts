import { PeerError } from "../errors.ts";
import type { Ticket } from "./_loopback_proxy.ts";

/** What rustls says, in the words of Deno 2.9, of a certificate that the anchor did not sign. */
const CERTIFICATE_REFUSED = /invalid peer certificate/;

/** Why a WebSocket did not open; native ones say little, so we ask those who saw it. */
export async function webSocketFailure(ticket: Ticket, detail: string): Promise<PeerError> {
  await ticket.tls?.verdict; // the native socket is closed already, so its last bytes are on their way
  if (ticket.failures > 0) return pathFailure(ticket.failure);
  if (ticket.tls?.refused || CERTIFICATE_REFUSED.test(detail)) return notProven();
  if (ticket.tls?.refused === false) {
    return new PeerError(
      "tunnel-failed",
      "Cannot open the WebSocket: the peer was reached, but did not answer with a WebSocket",
    );
  }
  return new PeerError("tunnel-failed", `Cannot open the WebSocket: ${withoutCredentials(detail)}`);
}

/** Why a `fetch` failed, as its caller gets it. `before` is the ticket's count of failures when it began. */
export function fetchFailure(ticket: Ticket, before: number, error: unknown): unknown {
  if (!(error instanceof TypeError)) return error;
  const detail = String((error.cause as Error | undefined)?.message ?? error.message);
  if (CERTIFICATE_REFUSED.test(detail)) return notProven();
  if (ticket.failures > before) return pathFailure(ticket.failure);
  const isMisuse = error.message !== "fetch failed" && !/error sending request/.test(detail);
  if (isMisuse) return error; // such as a body with GET
  return new PeerError("tunnel-failed", `Cannot fetch from the peer: ${withoutCredentials(detail)}`);
}

function pathFailure(failure: unknown): PeerError {
  if (failure instanceof PeerError) return failure;
  const message = failure instanceof Error ? failure.message : String(failure);
  return new PeerError("tunnel-failed", `Cannot open a path to the peer: ${message}`, { cause: failure });
}

function notProven(): PeerError {
  return new PeerError("not-proven", "Cannot trust the peer: TLS refused its certificate");
}

/** The proxy's URL carries none, but a later runtime might print them. */
function withoutCredentials(detail: string): string {
  return detail.replace(/\/\/[^/@\s]*@/g, "//");
}
