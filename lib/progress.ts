/**
 * What peers report on their way, stage by stage.
 *
 * @module
 */
import {
  addressFamily,
  addressScope,
  type Candidate,
  type CandidateKind,
  type Endpoint,
} from "./endpoint.ts";
import type { PeerErrorCode } from "./errors.ts";

/** What kind of path was opened: that of the candidate, and `ipv6` for any that runs over IPv6. */
export type PathKind = CandidateKind | "ipv6";

/** The kind of path that a candidate makes. */
export function pathKind({ hostname, kind }: Candidate): PathKind {
  return addressFamily(hostname) === 6 ? "ipv6" : kind;
}

/** The same where the peer has not named the candidate: what can be told from the address. */
export function pathKindOf({ hostname, port }: Endpoint): PathKind {
  return pathKind({ hostname, port, kind: addressScope(hostname) === "global" ? "reflexive" : "host" });
}

/** One thing that happened, with the time since the start of its operation in milliseconds where it has one. */
export type Progress =
  /** A node of the DHT answered. */
  | { readonly type: "online"; readonly ms: number }
  /** No node of the DHT answers; we go on trying. `unresolved` are bootstrap nodes whose names have no address. */
  | { readonly type: "offline"; readonly ms: number; readonly unresolved: readonly string[] }
  /** The router has mapped our port, by `pcp`, `nat-pmp` or `upnp`; without `external` it no longer does. */
  | { readonly type: "mapped"; readonly external?: string; readonly protocol?: string }
  /** The connecting peer found the record. */
  | { readonly type: "resolved"; readonly ms: number }
  /** What both sides may dial; `remote` is empty on the serving side. */
  | {
    readonly type: "candidates";
    readonly local: readonly string[];
    readonly remote: readonly string[];
    /** Text form of a `Nat`, like `preserving/port`. */
    readonly nat: string;
    readonly remoteNat?: string;
  }
  /** How the two NATs are got through: `plain`, `prediction`, `sweep`, `birthday`, or `none` with the reason. */
  | { readonly type: "strategy"; readonly strategy: string; readonly odds: number; readonly reason: string }
  /** The connecting peer announced itself at so many nodes, or told the serving peer over a connection that they have. */
  | {
    readonly type: "knock";
    readonly acknowledgements: number;
    readonly ms: number;
    readonly via: "dht" | "control";
  }
  /** The serving peer saw somebody knock. */
  | { readonly type: "knocked"; readonly via: string; readonly from: readonly string[] }
  /** A path passed its check; `ms` counts from the first dial, `rttMs` is one round trip on it. */
  | {
    readonly type: "path";
    readonly kind: PathKind;
    readonly remote: string;
    readonly ms: number;
    readonly rttMs?: number;
    /** Our end as the peer sees it; on the connecting side. */
    readonly mapped?: string;
  }
  /** Somebody answered at a candidate, but not the peer. */
  | { readonly type: "refused"; readonly remote: string; readonly reason: string }
  /** A dialled peer was not heard any more since `ms`, and its silent paths were closed. */
  | { readonly type: "lost"; readonly ms: number }
  /** It is heard again, `ms` after it was heard last. */
  | { readonly type: "restored"; readonly ms: number }
  /** The WebSocket is open. */
  | { readonly type: "open"; readonly ms: number }
  /** The record was published at so many of the closest nodes, or could not be. */
  | { readonly type: "published"; readonly acknowledgements: number; readonly code?: PeerErrorCode }
  /** The file of the allow list has changed; with `error` it makes no sense now, and the list before counts. */
  | { readonly type: "allow-list"; readonly peers: number; readonly error?: string }
  /** The serving peer can be found. */
  | { readonly type: "ready"; readonly id: string; readonly ms: number };

/** Receives progress; called from the background, so what it throws is ignored. */
export type OnProgress = (event: Progress) => void;

/** Wraps a receiver so that it may be missing and may throw. */
export function reporter(onProgress: OnProgress | undefined): OnProgress {
  return (event) => {
    try {
      onProgress?.(event);
    } catch { /* a receiver's mistake must not end a connection */ }
  };
}
