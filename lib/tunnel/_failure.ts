import { PROOF_WINDOW_MS } from "../access/mod.ts";
import { PeerError } from "../errors.ts";
import type { Ticket } from "./_loopback_proxy.ts";

/** What rustls says, in the words of Deno 2.9, of a certificate that the anchor did not sign. */
const CERTIFICATE_REFUSED = /invalid peer certificate/;
/** Whatever was wrong: Deno 2.9 then tries HTTP/2, which our clients do not speak, and tells of that. */
const SAYS_NOTHING = /HTTP\/2 not supported/;

const HOUR_MS = 60 * 60 * 1000;

/** Gives the peer's denial, if it does not let us in. Never rejects. */
export type FindDenial = () => Promise<PeerError | undefined>;

/**
 * Why a WebSocket did not open; native ones say little, not even the status of the answer, so we ask those who saw it.
 * `findDenial` asks the peer whether it lets us in at all.
 */
export async function webSocketFailure(
  ticket: Ticket,
  detail: string,
  findDenial: FindDenial = () => Promise.resolve(undefined),
): Promise<PeerError> {
  await ticket.tls?.verdict; // the native socket is closed already, so its last bytes are on their way
  if (ticket.failures > 0) return pathFailure(ticket.failure);
  if (ticket.tls?.refused || CERTIFICATE_REFUSED.test(detail)) return notProven();
  if (ticket.tls?.refused === false) {
    return await findDenial() ?? new PeerError(
      "tunnel-failed",
      "Cannot open the WebSocket: the peer was reached, but did not answer with a WebSocket",
    );
  }
  const why = SAYS_NOTHING.test(detail)
    ? "the connection broke before the peer had answered"
    : withoutCredentials(detail);
  return new PeerError("tunnel-failed", `Cannot open the WebSocket: ${why}`);
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

/**
 * The peer does not let us in. It does not say why, but its clock may: a proof counts only while the clocks agree.
 *
 * @param date The header of that name, whatever is in it.
 */
export function denied(date: string | null, now = Date.now()): PeerError {
  const apart = Math.abs(Date.parse(date ?? "") - now);
  const why = apart > PROOF_WINDOW_MS
    ? `its clock and ours are ${Math.round(apart / HOUR_MS)} hours apart`
    : "it does not let us in";
  return new PeerError("denied", `Cannot connect to the peer: ${why}`);
}

/** Why TLS on a path did not come about. */
export function tlsFailure(error: unknown): PeerError {
  const detail = error instanceof Error ? error.message : String(error);
  if (CERTIFICATE_REFUSED.test(detail)) return notProven();
  return new PeerError("tunnel-failed", `Cannot open TLS to the peer: ${detail}`, { cause: error });
}

/** Why a path could not be opened: the caller's own `PeerError` as it is. */
export function pathFailure(failure: unknown): PeerError {
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
