/**
 * How a NAT router allots external ports (RFC 4787 section 4), as what belongs into its table of family `ip`.
 * The kernel asks for a port once a connection (conntrack entry), at its first packet.
 *
 * @module
 */

/** What goes into the table `nat`. */
export interface PortMapping {
  /** Statements of the postrouting chain that come before `masquerade` for everything else. */
  readonly statements?: string;
  /** What they name. */
  readonly definitions?: string;
}

/** How many ports a sequence goes through before it begins anew: more than a lab ever uses. */
const CYCLE = 16_384;

/**
 * As Linux does: the internal port, unless that would make two connections alike. Endpoint-independent, and
 * port-preserving.
 */
export const preserving: PortMapping = {};

/**
 * Endpoint-independent, with an external port that has nothing to do with the internal one, nor TCP's with UDP's.
 * A port outside the given range is drawn, and the kernel gives further connections of that internal port the same
 * (`find_appropriate_src` in nf_nat_core.c).
 */
export const unrelated: PortMapping = {
  statements: `oifname "wan" meta l4proto { tcp, udp } th sport < 32768 masquerade to :32768-65535
      oifname "wan" meta l4proto { tcp, udp } masquerade to :1024-32767`,
};

/** Each connection gets a port that is drawn from `first` to `last`, also where it comes from the same one. */
export function drawn({ first, last }: { first: number; last: number }): PortMapping {
  return {
    // Without a flag for it, the kernel gives all connections of one internal port one external port.
    statements: `oifname "wan" meta l4proto { tcp, udp } masquerade to :${first}-${last} fully-random`,
  };
}

/** Each connection gets the port that lies `step` behind the last one's. TCP and UDP are counted apart. */
export function sequential({ first, step = 1 }: { first: number; step?: number }): PortMapping {
  const next = `numgen inc mod ${CYCLE} map @ports`;
  return {
    definitions: ports((n) => 1024 + (first - 1024 + n * step) % 64_512),
    statements: `oifname "wan" meta l4proto tcp masquerade to :${next}
      oifname "wan" meta l4proto udp masquerade to :${next}`,
  };
}

/** Address-dependent: all connections from one internal port to one address share an external port. */
export function perAddress({ first, seed }: { first: number; seed: number }): PortMapping {
  const hash = `jhash meta l4proto . ip saddr . th sport . ip daddr mod ${CYCLE} seed ${seed} map @ports`;
  return {
    definitions: ports((n) => first + n),
    statements: `oifname "wan" meta l4proto { tcp, udp } masquerade to :${hash}`,
  };
}

/** How one of several external addresses is chosen; see {@linkcode pooled}. */
export type Pooling = "machine" | "port" | "flow";

/**
 * Two external addresses, the internal port at both. `"machine"` is paired pooling (RFC 4787 section 4.1); `"port"` is
 * arbitrary, but one for each internal port and protocol; `"flow"` takes them in turn, from flow to flow.
 */
export function pooled([first, second]: readonly string[], by: Pooling): PortMapping {
  const [zero, one] = [`0 : ${first}`, `1 : ${second}`];
  const address = {
    // The first machine of the LAN is .2.
    machine: `ip saddr & 0.0.0.1 map { 0.0.0.${zero}, 0.0.0.${one} }`,
    port: `jhash meta l4proto . ip saddr . th sport mod 2 map { ${zero}, ${one} }`,
    flow: `numgen inc mod 2 map { ${zero}, ${one} }`,
  }[by];
  return {
    statements: `oifname "wan" meta l4proto tcp snat to ${address}
      oifname "wan" meta l4proto udp snat to ${address}`,
  };
}

/** The way from a number to a port: nft would write a bare number in the machine's byte order. */
function ports(portOf: (n: number) => number): string {
  const elements = Array.from({ length: CYCLE }, (_, n) => `${n} : ${portOf(n)}`);
  return `map ports { typeof numgen inc mod ${CYCLE} : tcp sport; elements = { ${elements.join(", ")} }; }`;
}
