import {
  addressFamily,
  addressScope,
  addressToBytes,
  canonicalAddress,
  type Endpoint,
  isPort,
  sameEndpoint,
} from "../endpoint.ts";
import type { InterfaceAddress } from "./host.ts";

/** What decides whether an endpoint that somebody else names may be dialled from here. */
export interface Vantage {
  /** The address under which the network sees us. */
  readonly publicAddress?: string;
  /** This machine's addresses. */
  readonly interfaces: readonly InterfaceAddress[];
}

/** Who names the endpoints. */
export interface Source {
  /** Public addresses of the peer for which somebody vouches: his signed record, or the nodes that saw him. */
  readonly addresses: readonly string[];
  /** Whether private addresses in our own subnets may be dialled at his word: only for a peer that we chose. */
  readonly chosen: boolean;
}

/**
 * Of the endpoints that a peer names, those worth a SYN from here, in their order, without duplicates.
 *
 * Global addresses always. An address of special purpose only where it can mean the same to both: the peer has
 * our own public address (then both sit behind one NAT, or both on loopback), or we chose him and the address lies in
 * a subnet of one of our interfaces. So no stranger can use us to probe a network that he is not part of.
 *
 * A private address that we have ourselves (`172.17.0.1` of Docker) leads to us. It is the peer's only if he is on this
 * very machine, and then all his private addresses are ours.
 */
export function dialable<E extends Endpoint>(named: readonly E[], vantage: Vantage, source: Source): E[] {
  const own = new Set(vantage.interfaces.map((i) => i.address));
  const isPrivate = (e: E) => addressScope(e.hostname) === "private";
  const isOwn = (e: E) => own.has(canonicalAddress(e.hostname));
  const elsewhere = named.some((e) => isPrivate(e) && !isOwn(e));
  return named.filter((e, i) =>
    isPort(e.port) && named.findIndex((other) => sameEndpoint(other, e)) === i &&
    mayDial(canonicalAddress(e.hostname), vantage, source) && !(elsewhere && isPrivate(e) && isOwn(e))
  );
}

function mayDial(address: string, vantage: Vantage, { addresses, chosen }: Source): boolean {
  const neighbour = vantage.publicAddress !== undefined && addresses.includes(vantage.publicAddress);
  switch (addressScope(address)) {
    case "global":
      return hasFamily(address, vantage);
    case "private":
      return neighbour || (chosen && vantage.interfaces.some((i) => inSubnet(address, i)));
    case "loopback":
      return neighbour && addressScope(vantage.publicAddress!) === "loopback";
    default:
      return false;
  }
}

/** Whether this machine has a global or private address of that family: without one every dial fails at once. */
function hasFamily(address: string, { interfaces, publicAddress }: Vantage): boolean {
  const family = addressFamily(address);
  if (family === 4 || interfaces.length === 0) return true;
  const own = [...interfaces.map((i) => i.address), ...(publicAddress ? [publicAddress] : [])];
  return own.some((a) => addressFamily(a) === family && ["global", "private"].includes(addressScope(a)));
}

function inSubnet(address: string, network: InterfaceAddress): boolean {
  const a = addressToBytes(address), b = addressToBytes(network.address);
  if (a === null || b === null || a.length !== b.length) return false;
  const whole = network.prefix >> 3, mask = (0xff00 >> (network.prefix & 7)) & 0xff;
  return a.subarray(0, whole).every((x, i) => x === b[i]) &&
    (mask === 0 || (a[whole]! & mask) === (b[whole]! & mask));
}
