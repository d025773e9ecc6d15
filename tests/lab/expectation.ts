/**
 * Which pairs of networks have a direct path, and what it takes: derived from what each NAT does, by rules of this
 * file's own, so that a mistake in the library's outlook shows.
 *
 * @module
 */
import type { NatType } from "./nat.ts";

/** What it takes to open a path. */
export type Strategy = "plain" | "prediction" | "sweep" | "birthday";

/** What must come of a pair, and why. */
export type Expectation =
  | { readonly connects: true; readonly by: Strategy; readonly reason: string }
  | { readonly connects: false; readonly reason: string }
  /** It is up to chance, and there is nothing that either side could do about it. */
  | { readonly connects: "perhaps"; readonly reason: string };

/** What decides about TCP: over IPv4, where nothing is said. */
interface Traits {
  /** How external ports are allotted; `fixed` is one for all destinations, `either` the same at one of two addresses. */
  readonly ports: "fixed" | "either" | "sequence" | "block" | "drawn" | "by-address";
  /** Who gets in: anybody at any time, anybody once something went out, or whom the peer has contacted. */
  readonly lets: "anybody" | "anybody-after" | "contacted-address" | "contacted-port";
  /** Only ports 80 and 443 can be dialled. */
  readonly webOnly?: true;
  /** All peers of this type sit in one LAN. */
  readonly shared?: true;
  /** Serving, it has one address after all: it has had its port looked at before, which nobody has time for who connects. */
  readonly settles?: true;
  /** IPv6 that works, whatever firewall there is: nobody translates. */
  readonly ipv6?: true;
}

const PORT: Traits = { ports: "fixed", lets: "contacted-port" };

/** Keys are those of `NAT_TYPES`; a test holds the two together. */
const TRAITS: Readonly<Record<string, Traits>> = {
  open: { ...PORT, lets: "anybody" },
  fullcone: { ...PORT, lets: "anybody-after" },
  addr: { ...PORT, lets: "contacted-address" },
  port: PORT,
  "port-rst": PORT,
  "port-icmp": PORT,
  "port-bare": PORT,
  "port-noprsv": PORT,
  "sym-seq": { ...PORT, ports: "sequence" },
  "sym-seq2": { ...PORT, ports: "sequence" },
  "sym-rand": { ...PORT, ports: "drawn" },
  "sym-block": { ...PORT, ports: "block" },
  "sym-addr": { ...PORT, ports: "by-address" },
  firewall: PORT,
  cgnat: PORT,
  "cgnat-sym": { ...PORT, ports: "drawn" },
  egress: { ...PORT, webOnly: true },
  lan: { ...PORT, shared: true },
  hairpin: { ...PORT, shared: true },
  lan2: { ...PORT, shared: true },
  dual: { ...PORT, ipv6: true },
  "v6-firewall": { ...PORT, ports: "drawn", ipv6: true },
  "v6-firewall-rst": { ...PORT, ports: "drawn", ipv6: true },
  "dual-broken": PORT,
  pool: { ...PORT, ports: "either", settles: true },
  "pool-pair": { ...PORT, shared: true },
  "pool-sym": { ...PORT, ports: "either" },
  upnp: { ...PORT, lets: "anybody" },
  "upnp-igd": { ...PORT, lets: "anybody" },
  "upnp-natpmp": { ...PORT, lets: "anybody" },
  "upnp-pcp": { ...PORT, lets: "anybody" },
  "upnp-cgnat": PORT,
  "upnp-squat": PORT,
};

/** Whether {@linkcode expectation} knows a network. */
export function isDescribed(type: string): boolean {
  return Object.hasOwn(TRAITS, type);
}

/** What must come of a peer in `serving` and one in `connecting`; either may dial. */
export function expectation(serving: NatType, connecting: NatType): Expectation {
  const [a, b] = [settled(traitsOf(serving)), traitsOf(connecting)];
  if (serving === connecting && a.shared) return plain("both are in one LAN");
  if (a.ipv6 && b.ipv6) return plain("both have IPv6");
  if (a.webOnly || b.webOnly) {
    return no(
      `${a.webOnly ? serving : connecting} lets out ports 80 and 443 alone, and nobody listens there`,
    );
  }
  return ofLetting(a, b, serving) ?? ofLetting(b, a, connecting) ?? ofPorts(a, b) ?? ofPorts(b, a) ??
    no("each side would have to guess the other's port at once");
}

/** Where `a` lets in a port that it has not contacted, it does not matter which port `b` comes from. */
function ofLetting({ ports, lets }: Traits, b: Traits, name: string): Expectation | undefined {
  if (ports === "fixed" && lets === "anybody") return plain(`anybody gets in at ${name}`);
  if (ports !== "fixed" || b.ports === "fixed") return undefined;
  if (lets === "anybody-after") return plain(`anybody gets in at ${name} once it has dialled`);
  if (lets === "contacted-address" && b.ports === "either") return perhaps();
  if (lets === "contacted-address") {
    return plain(`${name} lets in any port of an address that it has dialled`);
  }
  return undefined;
}

/** Where `a` has one port for all, `b`'s has to be known or guessed. */
function ofPorts(a: Traits, b: Traits): Expectation | undefined {
  if (a.ports === "sequence" && b.ports === "sequence") {
    return { connects: true, by: "prediction", reason: "each side's next port follows from the last ones" };
  }
  if (a.ports === "either") return perhaps();
  if (a.ports !== "fixed") return undefined;
  switch (b.ports) {
    case "fixed":
      return plain("both external ports are known");
    case "either":
      return perhaps();
    case "sequence":
      return { connects: true, by: "prediction", reason: "the next port follows from the last ones" };
    case "block":
      return { connects: true, by: "sweep", reason: "the port is one of a block" };
    case "drawn":
    case "by-address":
      return { connects: true, by: "birthday", reason: "many ports against many guesses" };
  }
}

function traitsOf(type: NatType): Traits {
  const traits = TRAITS[type];
  if (traits) return traits;
  throw new RangeError(`Cannot expect anything: no traits of the network "${type}"`);
}

function settled(traits: Traits): Traits {
  return traits.settles ? { ...traits, ports: "fixed" } : traits;
}

function plain(reason: string): Expectation {
  return { connects: true, by: "plain", reason };
}

function perhaps(): Expectation {
  return { connects: "perhaps", reason: "which of two addresses a connection comes from is up to chance" };
}

function no(reason: string): Expectation {
  return { connects: false, reason };
}
