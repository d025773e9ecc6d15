/**
 * The lab's address plan: who gets which address, as pure functions of a number.
 *
 * Public addresses are global in every respect that software can check (they belong to blocks that are not
 * announced on the Internet, or to documentation) and lie in distinct /16s: observers that are counted once
 * per /16 all count.
 *
 * @module
 */

/** First octets of the hosts' addresses; blocks that were never announced. */
const HOST_BLOCKS = [11, 21, 22, 26, 28, 29, 30, 33, 55, 215];

/** All hosts' addresses, as nftables writes a set. */
export const HOST_NETWORKS = `{ ${HOST_BLOCKS.map((block) => `${block}.0.0.0/8`).join(", ")} }`;

/** Where the first peers' sides of the WAN are: the documentation blocks of RFC 5737. */
const DOCUMENTATION = ["203.0.113.9", "198.51.100.7", "192.0.2.5"];

/** The gateway of everyone on the WAN. Link-local, so that it takes no address from the plan. */
export const WAN_GATEWAY = "169.254.0.1";

/**
 * The gateway of whoever sits behind a firewall. Not that of the WAN: a router that had the address itself would not
 * answer when the WAN, under it, asks for the way (ARP).
 */
export const FIREWALL_GATEWAY = "169.254.0.2";

/** The public address of the `n`-th host: distinct /16s, and distinct /8s for the first ten. */
export function hostAddress(n: number): string {
  const block = HOST_BLOCKS[n % HOST_BLOCKS.length];
  return `${block}.${10 + Math.floor(n / HOST_BLOCKS.length)}.0.${10 + n}`;
}

/** The `n`-th further address of a host: in its /16. */
export function hostAlias(address: string, n: number): string {
  const [first, second, , last] = address.split(".");
  return `${first}.${second}.${1 + n}.${last}`;
}

/** The `n`-th public address on the peers' side: of a router, or of a peer without one. */
export function peerAddress(n: number): string {
  return DOCUMENTATION[n] ?? `6.${10 + n}.0.${1 + (n % 250)}`;
}

/** The first of {@linkcode peerAddress} of no special purpose: routers that look at their own address object to others. */
export const FIRST_PLAIN_ADDRESS = DOCUMENTATION.length;

/** The `n`-th home network, as the first three octets of a /24. */
export function homeSubnet(n: number): string {
  return `192.168.${10 + n}`;
}

/** The `n`-th network between a carrier and its customers (RFC 6598). */
export function carrierSubnet(n: number): string {
  return `100.64.${10 + n}`;
}

/** The same where the carrier uses, inside, a block of somebody else's that looks public. */
export function squattedSubnet(n: number): string {
  return `7.64.${10 + n}`;
}
