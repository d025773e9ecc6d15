import {
  addressFamily,
  addressScope,
  addressToBytes,
  type Candidate,
  canonicalAddress,
} from "../endpoint.ts";
import { type AddressUse, ipv6Uses } from "./_ipv6_uses.ts";

/** An address of this machine, with the length of its network prefix. */
export interface InterfaceAddress {
  /** Canonical text form. */
  readonly address: string;
  /** Bits of the network part: 24 for 255.255.255.0. */
  readonly prefix: number;
  /** The interface's name, as the system has it. */
  readonly name?: string;
  /** What the system means to do with an IPv6 address; absent where it does not say. */
  readonly use?: AddressUse;
}

/**
 * Interfaces that lead to virtual machines and containers of this machine alone. Each machine with the same software has
 * the same address there, and whoever sits behind one reaches this machine by its other addresses as well.
 */
const INWARD =
  /^(docker|br-[0-9a-f]{12}$|veth|virbr|lxcbr|lxdbr|cni|podman|vboxnet|vmnet|vEthernet \((WSL|Default Switch))/;

/** More host candidates than this tell a peer nothing new: a record holds 16 of all kinds. */
const MAX_HOST_CANDIDATES = 8;

/**
 * The addresses of this machine's interfaces; empty where the permission `--allow-sys=networkInterfaces`
 * is missing, or the system cannot say because no descriptor is left: a peer works without host candidates too, only not
 * within its LAN. Never throws.
 */
export function interfaceAddresses(): InterfaceAddress[] {
  try {
    const found = Deno.networkInterfaces().map(({ name, address, cidr }) => ({
      name,
      address: canonicalAddress(address),
      prefix: Number(cidr?.split("/")[1] ?? (addressFamily(address) === 4 ? 24 : 64)),
    }));
    if (!found.some(({ address }) => isIPv6(address) && addressScope(address) === "global")) return found;
    const uses = ipv6Uses();
    return found.map((i) => uses.has(i.address) ? { ...i, use: uses.get(i.address)! } : i);
  } catch {
    return [];
  }
}

/**
 * Host candidates (RFC 8445 section 5.1.1.1): each usable interface address with `port`.
 *
 * Loopback and link-local addresses are left out (section 5.1.1.1 too): the first mean nothing elsewhere,
 * the second need a zone that only this machine knows. So are private addresses that only this machine's own
 * containers know, unless there is no other. Global addresses come first, IPv6 before IPv4.
 */
export function hostCandidates(port: number, addresses: readonly InterfaceAddress[]): Candidate[] {
  const usable = addresses.filter(({ address, use }) =>
    ["global", "private"].includes(addressScope(address)) && use !== "unusable"
  );
  const outward = usable.filter(({ address, name = "" }) =>
    addressScope(address) === "global" || !INWARD.test(name)
  );
  return fewOfEachPrefix(outward.length > 0 ? outward : usable)
    .map(({ address }): Candidate => ({ kind: "host", hostname: address, port }))
    .sort((a, b) => preference(b.hostname) - preference(a.hostname))
    .slice(0, MAX_HOST_CANDIDATES);
}

/**
 * Two IPv6 addresses of each network. A machine has a stable address, which is still good when the record is read, and
 * temporary ones (RFC 8981), the newest of which the system takes for what it dials: a firewall's hole is for that one.
 * Linux names the newest first and macOS last; the stable one stands at the other end.
 */
function fewOfEachPrefix(addresses: readonly InterfaceAddress[]): InterfaceAddress[] {
  const ipv6 = addresses.filter(({ address }) => isIPv6(address));
  const networks = Map.groupBy(ipv6, ({ address }) => addressToBytes(address)!.subarray(0, 8).toHex());
  const chosen = [...networks.values()].flatMap((group) => {
    const first = group[0]!;
    return [first, group.findLast((one) => one.use !== first.use) ?? group.at(-1)!];
  });
  return addresses.filter((one) => !isIPv6(one.address) || chosen.includes(one));
}

function isIPv6(address: string): boolean {
  return addressFamily(address) === 6;
}

function preference(address: string): number {
  return (addressScope(address) === "global" ? 2 : 0) + (isIPv6(address) ? 1 : 0);
}
