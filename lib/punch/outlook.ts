/**
 * What can become of two NATs: which strategy gets a path through both, who does what in it, how likely it is, and, where
 * there is none, why and what to do.
 *
 * @module
 */
import { addressFamily, addressScope, type Candidate } from "../endpoint.ts";
import type { Mapping, Nat } from "../nat.ts";

/**
 * How a pair of NATs is got through.
 *
 * | strategy | when |
 * |---|---|
 * | `plain` | each side's external port is known, or one side lets the other in anyhow |
 * | `prediction` | one side or both allot ports in sequence |
 * | `sweep` | one side draws ports from a block that is small enough to try |
 * | `birthday` | one side draws ports from all: many are opened, many are guessed, and two of them meet |
 * | `none` | neither side's port can be known to the other |
 */
export type Strategy = "plain" | "prediction" | "sweep" | "birthday" | "none";

/**
 * What we do in a strategy: `opens` sends SYNs from many ports to the peer's one, `guesses` sends SYNs from one port to
 * many of the peer's; `both` where both allot in sequence; `meets` sends SYNs from known ports to known ports.
 */
export type Role = "meets" | "opens" | "guesses" | "both";

/** What {@linkcode outlook} found. */
export interface Outlook {
  readonly strategy: Strategy;
  /** From 0 to 1: that a path opens within the punch window. */
  readonly odds: number;
  readonly role: Role;
  /**
   * Whether `none` follows from what was observed alone. Where it does not, since nobody knows whom the NATs let in, it is
   * worth {@linkcode DOUBT_MS} of plain dials.
   */
  readonly certain: boolean;
  /** Why, as the end of a sentence, from our side: "here" and "there". */
  readonly reason: string;
  /** What the user can do, in one sentence; only with `none`. */
  readonly remedy?: string;
}

/** Options of {@linkcode outlook}. */
export interface OutlookOptions {
  /** Where we may be reached: a mapped port or IPv6 goes past a NAT. */
  readonly ownCandidates?: readonly Candidate[];
  /** Where the peer may be reached. */
  readonly peerCandidates?: readonly Candidate[];
}

/** How long plain dials go on where hardly anything speaks for them: everything plain is open by then at 200 ms RTT. */
export const DOUBT_MS = 1200;

/** Each connection gets a port that the one before does not tell for sure. */
const SYMMETRIC: readonly Mapping[] = ["sequential", "block", "random", "dependent"];
const WEB_PORTS: readonly number[] = [80, 443];

/** The strategy for a pair of NATs. Both sides come to the same one, in matching roles. */
export function outlook(own: Nat, peer: Nat, options: OutlookOptions = {}): Outlook {
  const { ownCandidates = [], peerCandidates = [] } = options;
  const walled = wall(own, peerCandidates, "here") ?? wall(peer, ownCandidates, "there");
  if (walled && !isNeighbour(ownCandidates, peerCandidates)) return walled;
  const past = wayPast(ownCandidates, peerCandidates);
  if (past) return meets(0.99, past);
  const overIPv4 = byMapping(own, peer);
  // An address says nothing of whether IPv6 works: it is worth dialling, and no reason to leave out what else can be done.
  if (overIPv4.strategy !== "none" || !ownCandidates.some(isGlobalIPv6)) return overIPv4;
  return peerCandidates.some(isGlobalIPv6) ? meets(0.95, "both sides have IPv6") : overIPv4;
}

/** The strategy that follows from how both NATs map ports. */
function byMapping(own: Nat, peer: Nat): Outlook {
  const symmetric = [own, peer].map((nat) => SYMMETRIC.includes(nat.mapping));
  if (!symmetric[0] && !symmetric[1]) {
    return meets(0.99, "each side knows at which port the other one is seen");
  }
  if (symmetric[0] && symmetric[1]) return betweenSymmetric(own, peer);
  return symmetric[0] ? throughOne(own, peer, "opens") : throughOne(peer, own, "guesses");
}

function meets(odds: number, reason: string): Outlook {
  return { strategy: "plain", odds, role: "meets", certain: true, reason };
}

/** One side's port changes with each destination; what the other side's filter lets in decides. */
function throughOne(nat: Nat, other: Nat, role: "opens" | "guesses"): Outlook {
  const [where, elsewhere] = role === "opens" ? ["here", "there"] : ["there", "here"];
  if (other.filtering === "independent" || other.filtering === "address") {
    return meets(0.98, `the NAT ${elsewhere} lets in every port of an address that it knows`);
  }
  const [strategy, odds, how]: readonly [Strategy, number, string] = nat.mapping === "sequential"
    ? ["prediction", 0.95, "allots ports in sequence"]
    : nat.mapping === "block"
    ? ["sweep", 0.97, "draws ports from a small block"]
    : ["birthday", 0.95, "draws ports at random"];
  return { strategy, odds, role, certain: true, reason: `the NAT ${where} ${how}` };
}

function betweenSymmetric(own: Nat, peer: Nat): Outlook {
  if (own.filtering === "independent" || peer.filtering === "independent") {
    const where = own.filtering === "independent" ? "here" : "there";
    return meets(0.9, `the NAT ${where} lets in everybody at a port that is known`);
  }
  if (own.mapping === "sequential" && peer.mapping === "sequential") {
    const reason = "both NATs allot ports in sequence";
    return { strategy: "prediction", odds: 0.7, role: "both", certain: true, reason };
  }
  // Votes over UDP make a mapping `dependent`: TCP may be better off.
  const isKnown = [own, peer].every((n) => n.mapping !== "dependent" && n.filtering !== "unknown");
  return none(
    "both networks give each connection another port, so neither side can know where to dial",
    "Turn on UPnP, NAT-PMP or PCP in the router on one side, use IPv6 on both, or put one side into another network.",
    isKnown,
  );
}

function none(reason: string, remedy: string, certain: boolean): Outlook {
  return { strategy: "none", odds: certain ? 0 : 0.05, role: "meets", certain, reason, remedy };
}

/** Only web ports outwards: the other side must be reachable at one of them. */
function wall(nat: Nat, others: readonly Candidate[], where: "here" | "there"): Outlook | undefined {
  if (!nat.webOnly || others.some((c) => WEB_PORTS.includes(c.port) && isGlobal(c))) return undefined;
  const elsewhere = where === "here" ? "there" : "here";
  return none(
    `the network ${where} lets out connections to ports 80 and 443 alone, and nothing ${elsewhere} can be reached at these`,
    `Use another network ${where}, or make the peer ${elsewhere} reachable at port 443 from outside.`,
    true,
  );
}

/** Ways on which no NAT guesses anything. */
function wayPast(own: readonly Candidate[], peer: readonly Candidate[]): string | undefined {
  if (own.some((c) => c.kind === "mapped" && isGlobal(c))) return "the router here has mapped a port";
  if (peer.some((c) => c.kind === "mapped" && isGlobal(c))) return "the router there has mapped a port";
  return isNeighbour(own, peer) ? "both sides have the same public address" : undefined;
}

/** Seen at one address: then they may be in one LAN. */
function isNeighbour(own: readonly Candidate[], peer: readonly Candidate[]): boolean {
  const seen = new Set(own.filter((c) => c.kind === "reflexive").map((c) => c.hostname));
  return peer.some((c) => c.kind === "reflexive" && seen.has(c.hostname));
}

function isGlobal({ hostname }: Candidate): boolean {
  return addressScope(hostname) === "global";
}

function isGlobalIPv6(candidate: Candidate): boolean {
  return addressFamily(candidate.hostname) === 6 && isGlobal(candidate);
}
