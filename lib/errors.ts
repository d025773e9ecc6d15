/**
 * What can go wrong between two peers.
 *
 * Misuse of the API throws the built-in classes (`TypeError`, `RangeError`, `SyntaxError`); an aborted
 * operation rejects with its `signal.reason` untouched; `Deno.errors.*` pass through.
 *
 * @module
 */

/**
 * Every way in which a connection can fail, from the first stage to the last.
 *
 * | code | what happened |
 * |---|---|
 * | `offline` | no node of the DHT answered: no network, or the bootstrap nodes are out of reach |
 * | `publish-failed` | too few nodes accepted the service record |
 * | `not-found` | the DHT answers, but nobody has published a record under this id |
 * | `bad-record` | a record was found, but it is no valid one (signature or format) |
 * | `no-candidates` | the record names no address that this machine could dial |
 * | `no-direct-path` | both networks are such that no direct path can exist |
 * | `unreachable` | no path opened within the punch window |
 * | `not-proven` | something answered at the peer's addresses, but could not prove the id |
 * | `denied` | the peer does not let you in |
 * | `tunnel-failed` | a proven path broke before the connection on it was open |
 * | `closed` | the peer or server was closed while the operation was under way |
 */
export type PeerErrorCode =
  | "offline"
  | "publish-failed"
  | "not-found"
  | "bad-record"
  | "no-candidates"
  | "no-direct-path"
  | "unreachable"
  | "not-proven"
  | "denied"
  | "tunnel-failed"
  | "closed";

/** What the user can do about each {@linkcode PeerErrorCode}, in one sentence. */
export const REMEDIES: Readonly<Record<PeerErrorCode, string>> = {
  "offline":
    "Check the network connection, and that UDP is not blocked; or name a reachable node with --bootstrap.",
  "publish-failed":
    "Check that UDP is not blocked, and try again: the DHT nodes nearby may have been offline.",
  "not-found": "Check the id, and that the serving peer is running and has printed it.",
  "bad-record": "Restart the serving peer; if that does not help, it may run an incompatible version.",
  "no-candidates": "Give both peers a common address family: IPv4 here and there, or IPv6 here and there.",
  "no-direct-path":
    "Turn on UPnP, NAT-PMP or PCP in the router on one side, use IPv6 on both, or put one side into another network.",
  "unreachable": "Try again; if it keeps failing, one network may need a port mapping, or another NAT.",
  "not-proven":
    "Check the id with the person who gave it to you: another machine answered at the peer's address.",
  "denied":
    "Ask the peer for an invitation and give it with --token, or show your id with --as-me if the peer has allowed it.",
  "tunnel-failed": "Try again: the path broke while the connection was being set up.",
  "closed": "Open the peer again.",
};

/**
 * A failure between two peers, with the cause in {@linkcode PeerError.code}.
 *
 * @example Tell the user what to do
 * ```ts
 * import { PeerError } from "@skip-public-ip/skip-public-ip";
 *
 * const error = new PeerError("not-found", "Cannot resolve the id: 8 nodes answered, none knows it");
 * if (error.code === "not-found") console.error(error.message, error.remedy);
 * ```
 */
export class PeerError extends Error {
  /** Which of the documented failures this is. */
  readonly code: PeerErrorCode;

  /** Makes an error; `message` begins with the action that failed and ends with the value. */
  constructor(code: PeerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PeerError";
    this.code = code;
  }

  /** What the user can do about it, in one sentence. */
  get remedy(): string {
    return REMEDIES[this.code];
  }
}
