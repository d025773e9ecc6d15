import type { MappingState } from "../candidates/mod.ts";
import type { ProbeOutcome } from "../check/mod.ts";
import type { Nat } from "../nat.ts";
import type { NetworkOptions } from "../network.ts";
import type { UdpReport } from "./udp.ts";
import type { Odds } from "./verdict.ts";

/**
 * Options of {@linkcode netcheck}. Of the servers in `stun`, and of those that are found in the DHT, only serving peers can
 * tell whom the NAT lets in; it takes two at different addresses to know all.
 */
export interface NetcheckOptions extends Omit<NetworkOptions, "onProgress"> {
  /** Ends the check; it rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** IPv6 as it was found. */
export interface IPv6Report {
  /** Global addresses of this machine. */
  readonly addresses: readonly string[];
  /** Whether a server was reached over it; absent where none has IPv6. */
  readonly reachable?: boolean;
  /** What an unasked connection over it gets; absent where nobody could be asked. */
  readonly unasked?: ProbeOutcome;
}

/** What a network does, as far as it could be found out. */
export interface NetReport {
  /** What the NAT does to TCP over IPv4. */
  readonly nat: Nat;
  /** What it does to UDP. */
  readonly udp: UdpReport;
  /** This machine's addresses that mean something to others. */
  readonly interfaces: readonly string[];
  /** The IPv4 addresses under which the network sees us, the most frequent first. */
  readonly external: readonly string[];
  /** IPv6. */
  readonly ipv6: IPv6Report;
  /** Whether two peers behind this NAT meet at its public address; absent where there is none, or nobody could tell. */
  readonly hairpinning?: boolean;
  /** What each router said to each protocol by which it might map a port; empty where there is none to be asked. */
  readonly mapping: readonly MappingState[];
  /** Whether the DHT answers, and how many of its nodes have said how they see us. */
  readonly dht: { readonly online: boolean; readonly observers: number; readonly ms?: number };
  /** The servers that were asked. */
  readonly servers: readonly { readonly address: string; readonly observer: boolean; readonly ms?: number }[];
  /** What is missing, and why. */
  readonly notes: readonly string[];
  /** All of it that a peer needs, in one line that tells no address. */
  readonly line: string;
  /** The odds against each class of peer. */
  readonly odds: readonly Odds[];
  /** One sentence. */
  readonly verdict: string;
  /** How long the check took. */
  readonly ms: number;
}
