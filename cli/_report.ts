/**
 * What a person reads of a network: pure functions from a report to text.
 *
 * @module
 */
import type { Nat } from "../lib/nat.ts";
import { type MappingState, type NetReport, PEER_CLASSES } from "../lib/netcheck/mod.ts";

const MAPPING_WORDS: Readonly<Record<Nat["mapping"], string>> = {
  open: "none: no address translation",
  preserving: "endpoint-independent, keeps ports",
  independent: "endpoint-independent, with ports of its own",
  sequential: "another port for each destination, the next one",
  block: "another port for each destination, drawn from a block",
  random: "another port for each destination, drawn from all",
  dependent: "another port for each destination",
  unknown: "not known",
};

const FILTERING_WORDS: Readonly<Record<Nat["filtering"], string>> = {
  independent: "endpoint-independent: anybody gets in",
  address: "address-dependent",
  port: "address-and-port-dependent",
  unknown: "not known",
};

const PROTOCOL_WORDS: Readonly<Record<MappingState["protocol"], string>> = {
  pcp: "PCP",
  "nat-pmp": "NAT-PMP",
  upnp: "UPnP",
};

const REFUSAL_WORDS: Readonly<Record<Nat["refusal"], string>> = {
  silence: "nothing",
  reset: "RST",
  icmp: "an ICMP error",
  unknown: "not known",
};

/** The report as lines of `label  fact`, and the odds as a table. */
export function reportLines(report: NetReport): string[] {
  const { nat, udp, verdict, line } = report;
  return [
    fact("interfaces", list(report.interfaces)),
    fact("IPv4", list(report.external)),
    fact("IPv6", ipv6(report)),
    fact("TCP mapping", MAPPING_WORDS[nat.mapping] + allocation(nat)),
    fact("TCP filtering", FILTERING_WORDS[nat.filtering]),
    fact(
      "unasked SYN",
      `gets ${nat.filtering === "independent" && nat.mapping === "open" ? "in" : REFUSAL_WORDS[nat.refusal]}`,
    ),
    ...(nat.webOnly ? [fact("outwards", "ports 80 and 443 alone")] : []),
    fact("UDP mapping", MAPPING_WORDS[udp.mapping]),
    fact("UDP filtering", FILTERING_WORDS[udp.filtering]),
    fact("hairpinning", report.hairpinning === undefined ? "not known" : report.hairpinning ? "yes" : "no"),
    fact("port mapping", mapping(report)),
    fact("DHT", dht(report)),
    ...report.notes.map((note) => fact("note", note)),
    "",
    "Odds of a direct connection with",
    ...report.odds.map(({ peer, odds, strategy }) => {
      const words = PEER_CLASSES.find((c) => c.name === peer)?.words ?? peer;
      return `  ${words.padEnd(50)}${percent(odds).padStart(5)}${strategy === "none" ? "" : `  ${strategy}`}`;
    }),
    "",
    verdict,
    "",
    line,
  ];
}

/** What stands in the way is worth a word only where nothing came of any protocol. */
function mapping({ mapping: states }: NetReport): string {
  const of = (wanted: MappingState["state"]) => states.filter(({ state }) => state === wanted);
  const names = (some: readonly MappingState[]) => [...new Set(some.map((s) => PROTOCOL_WORDS[s.protocol]))];
  const done = of("mapped");
  if (done.length > 0) return `yes, by ${names(done).join(" and ")}`;
  if (of("lying").length + of("useless").length > 0) return "in vain: another NAT stands before the router";
  const refused = of("refused");
  if (refused.length > 0) return `refused by the router (${names(refused).join(", ")})`;
  return states.length > 0
    ? "no: the router does not know PCP, NAT-PMP or UPnP, or they are off"
    : "not asked for";
}

function fact(label: string, text: string): string {
  return `${label.padEnd(15)}${text}`;
}

function list(items: readonly string[]): string {
  return items.join(", ") || "none";
}

function ipv6({ ipv6: { addresses, reachable, unasked } }: NetReport): string {
  if (addresses.length === 0 && !reachable) return "none";
  const use = reachable === undefined
    ? "no server to try it with"
    : reachable
    ? "works"
    : "reaches no server";
  const inwards = unasked === undefined
    ? ""
    : unasked === "in"
    ? ", anybody gets in"
    : ", strangers do not get in";
  return `${list(addresses)} (${use}${inwards})`;
}

function allocation({ sequence, block }: Nat): string {
  if (sequence) {
    const step = `${sequence.step > 0 ? "+" : ""}${sequence.step}`;
    return ` (step ${step}, ${sequence.rate} other connections a second)`;
  }
  return block ? ` (${block.first} to ${block.last})` : "";
}

function dht({ dht: { online, observers } }: NetReport): string {
  return online ? `reachable; ${observers} nodes say how they see us` : "out of reach";
}

/** `95 %`; what is likely is not shown as certain. */
export function percent(odds: number): string {
  const rounded = Math.round(odds * 100);
  return `${odds < 1 ? Math.min(rounded, 99) : rounded} %`;
}
