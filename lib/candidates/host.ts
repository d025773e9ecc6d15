import { addressFamily, addressScope, type Candidate, canonicalAddress } from "../endpoint.ts";

/** An address of this machine, with the length of its network prefix. */
export interface InterfaceAddress {
  /** Canonical text form. */
  readonly address: string;
  /** Bits of the network part: 24 for 255.255.255.0. */
  readonly prefix: number;
}

/** More host candidates than this tell a peer nothing new: a record holds 16 of all kinds. */
const MAX_HOST_CANDIDATES = 8;

/**
 * The addresses of this machine's interfaces; empty where the permission `--allow-sys=networkInterfaces`
 * is missing, since a peer works without host candidates too, only not within its LAN.
 */
export function interfaceAddresses(): InterfaceAddress[] {
  try {
    return Deno.networkInterfaces().map(({ address, cidr }) => ({
      address: canonicalAddress(address),
      prefix: Number(cidr?.split("/")[1] ?? (addressFamily(address) === 4 ? 24 : 64)),
    }));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return [];
    throw error;
  }
}

/**
 * Host candidates (RFC 8445 section 5.1.1.1): each usable interface address with `port`.
 *
 * Loopback and link-local addresses are left out (section 5.1.1.1 too): the first mean nothing elsewhere,
 * the second need a zone that only this machine knows. Global addresses come first, IPv6 before IPv4.
 */
export function hostCandidates(port: number, addresses: readonly InterfaceAddress[]): Candidate[] {
  return addresses
    .filter(({ address }) => ["global", "private"].includes(addressScope(address)))
    .map(({ address }): Candidate => ({ kind: "host", hostname: address, port }))
    .sort((a, b) => preference(b.hostname) - preference(a.hostname))
    .slice(0, MAX_HOST_CANDIDATES);
}

function preference(address: string): number {
  return (addressScope(address) === "global" ? 2 : 0) + (addressFamily(address) === 6 ? 1 : 0);
}
