/**
 * What a network is good for: the odds against each class of peer, and the prospects of two networks.
 *
 * @module
 */
import type { Candidate } from "../endpoint.ts";
import { type Nat, natOf } from "../nat.ts";
import { type Outlook, outlook, type Strategy } from "../punch/mod.ts";
import type { NetLine } from "./line.ts";

/** A kind of network that a peer may be in. */
export interface PeerClass {
  /** A word for scripts. */
  readonly name: string;
  /** Words for people. */
  readonly words: string;
  /** How it behaves. */
  readonly nat: Nat;
}

const guarded = { filtering: "port", refusal: "silence" } as const;

/** From the easiest to the hardest. */
export const PEER_CLASSES: readonly PeerClass[] = [
  { name: "open", words: "a public address", nat: natOf("open", { filtering: "independent" }) },
  { name: "firewall", words: "a public address behind a firewall", nat: natOf("open", guarded) },
  { name: "home", words: "a home router", nat: natOf("preserving", guarded) },
  {
    name: "sequential",
    words: "a NAT that allots ports in sequence",
    nat: natOf("sequential", { ...guarded, sequence: { next: 40_000, step: 1, rate: 0 } }),
  },
  {
    name: "block",
    words: "a carrier with a block of ports for each customer",
    nat: natOf("block", { ...guarded, block: { first: 2048, last: 4095 } }),
  },
  { name: "random", words: "a NAT that draws ports at random", nat: natOf("random", guarded) },
  {
    name: "web-only",
    words: "a network that lets out web pages alone",
    nat: natOf("preserving", { ...guarded, webOnly: true }),
  },
];

/** The odds of a path to one kind of peer. */
export interface Odds {
  /** Name of the {@linkcode PeerClass}. */
  readonly peer: string;
  /** From 0 to 1. */
  readonly odds: number;
  /** How: `plain`, `prediction`, `sweep`, `birthday` or `none`. */
  readonly strategy: Strategy;
}

/** The odds against each class of peer. */
export function oddsOf(own: NetLine): Odds[] {
  return PEER_CLASSES.map(({ name, nat }) => {
    const { odds, strategy } = prospects(own, { nat, ipv6: false, mapped: false });
    return { peer: name, odds, strategy };
  });
}

/** What can become of two networks. IPv6 of a line has been seen to work, so it is more than a hope. */
export function prospects(own: NetLine, peer: NetLine): Outlook {
  if (own.ipv6 && peer.ipv6 && !own.nat.webOnly && !peer.nat.webOnly) {
    const reason = "IPv6, which knows no address translation, works on both sides";
    return { strategy: "plain", odds: 0.99, role: "meets", certain: true, reason };
  }
  return outlook(own.nat, peer.nat, { ownCandidates: candidatesOf(own), peerCandidates: candidatesOf(peer) });
}

/** A line tells no address; these stand for any (RFC 5737, RFC 3849). */
function candidatesOf({ ipv6, mapped }: NetLine): Candidate[] {
  return [
    ...(ipv6 ? [{ kind: "host", hostname: "2001:db8::1", port: 40_000 } as const] : []),
    ...(mapped ? [{ kind: "mapped", hostname: "192.0.2.1", port: 40_000 } as const] : []),
  ];
}

/** Odds from which on a connection is a matter of course, and down to which it is not worth a word. */
const SURE = 0.9;
const NONE = 0.06;

/** One sentence: with whom this network connects. */
export function verdictOf(own: NetLine): string {
  if (own.nat.mapping === "unknown" && !own.ipv6 && !own.mapped && !own.nat.webOnly) {
    return "Nobody could be asked how this network behaves, so nothing can be said about connections.";
  }
  const all = oddsOf(own);
  const words = (test: (odds: number) => boolean) =>
    list(PEER_CLASSES.filter((_, i) => test(all[i]!.odds)).map((c) => c.words));
  const never = words((odds) => odds <= NONE);
  const seldom = words((odds) => odds > NONE && odds < SURE);
  if (!all.some(({ odds }) => odds > NONE)) {
    return "No direct connection from this network: it lets out web pages alone, or nothing at all.";
  }
  if (all.every(({ odds }) => odds >= SURE)) return "Connects directly with every kind of network.";
  return [
    "Connects directly with most networks",
    ...(seldom ? [`sometimes with ${seldom}`] : []),
    ...(never ? [`not with ${never}`] : []),
  ].join(", ") + ".";
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
