import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import { PeerError } from "./errors.ts";
import { type Outlook, PUNCH_WINDOW_MS } from "./punch/mod.ts";

/** Whether nothing is wrong but that no path opened: then a second attempt may do better. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof PeerError && error.code === "unreachable";
}

/** None of what the peer names can be dialled from here. */
export function noCandidates(named: readonly Endpoint[]): PeerError {
  return new PeerError(
    "no-candidates",
    `Cannot dial the peer: none of its addresses can be reached from here: ${
      named.map(formatEndpoint).join(", ") || "it names none"
    }`,
  );
}

/** Both sides know that there is no way. */
export function noDirectPath({ reason }: Outlook): PeerError {
  return new PeerError("no-direct-path", `Cannot reach the peer: ${reason}`);
}

/** Ways of a connection to end that say nothing of who was there: a router may have cut it, or a race was over there. */
const CUT_OFF = [
  Deno.errors.UnexpectedEof,
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
  Deno.errors.BrokenPipe,
];

function isSilence(cause: unknown): boolean {
  return (cause as Error | undefined)?.name === "TimeoutError" ||
    CUT_OFF.some((kind) => cause instanceof kind);
}

/**
 * The window has ended. Whoever proved to be another is worth more words than silence; whoever says nothing at all may well be
 * the peer, behind something that swallows bytes.
 *
 * @param refused What became of those who took the connection.
 */
export function noPath(dialled: readonly Endpoint[], refused: readonly PeerError[]): PeerError {
  const impostor = refused.find(({ cause }) => !isSilence(cause));
  if (impostor) return impostor;
  const said = refused.length === 0 ? "no path opened" : "whoever took the connection said nothing";
  const where = dialled.map(formatEndpoint).join(", ");
  return new PeerError(
    "unreachable",
    `Cannot reach the peer: ${said} within ${PUNCH_WINDOW_MS / 1000} s at ${where}`,
  );
}
