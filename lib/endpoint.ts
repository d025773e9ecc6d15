/**
 * Transport addresses and candidates: the vocabulary that every stage shares.
 *
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";

/** An IP address and a port. A `Deno.NetAddr` is one. */
export interface Endpoint {
  /** An IPv4 or IPv6 address in text form, never a name; no brackets, no zone. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** Where a candidate comes from, in the words of RFC 8445 section 5.1.1; `mapped` is a router's port mapping. */
export type CandidateKind = "host" | "reflexive" | "mapped";

/** An endpoint at which a peer may be reachable over TCP. */
export interface Candidate extends Endpoint {
  /** Where it comes from. */
  readonly kind: CandidateKind;
}

/**
 * What may be done with an address. `global` is everything that has no special purpose (RFC 6890), or serves for documentation
 * alone; `reserved` is also what translators and tunnels of a machine give themselves (192.0.0.0/24, 198.18.0.0/15), and an IPv6
 * address that stands for an IPv4 one.
 */
export type AddressScope =
  | "unspecified"
  | "loopback"
  | "link-local"
  | "private"
  | "multicast"
  | "reserved"
  | "global";

/** `203.0.113.9:50712` or `[2001:db8::9]:50712`. */
export function formatEndpoint({ hostname, port }: Endpoint): string {
  return isIPv6(hostname) ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Whether two endpoints are the same, in canonical text form. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && canonicalAddress(a.hostname) === canonicalAddress(b.hostname);
}

/** Whether `port` can name a TCP or UDP port; 0 is none. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65536;
}

/** 4, 6, or 0 for what is no address. */
export function addressFamily(address: string): 0 | 4 | 6 {
  return isIPv4(address) ? 4 : isIPv6(address) ? 6 : 0;
}

/**
 * The one text form that we compare by: no zone, lower case, shortest IPv6 (RFC 5952), and IPv4 for an
 * IPv4-mapped IPv6 address, which is how a dual-stack listener shows its IPv4 peers.
 */
export function canonicalAddress(address: string): string {
  if (isIPv4(address)) return address;
  const bytes = addressToBytes(address);
  return bytes === null ? address : bytesToAddress(bytes);
}

/** 4 or 16 bytes in network order, or `null` for what is no address. */
export function addressToBytes(address: string): Uint8Array<ArrayBuffer> | null {
  if (isIPv4(address)) return Uint8Array.from(address.split("."), Number);
  const bare = address.split("%", 1)[0]!;
  if (!isIPv6(bare)) return null;
  const dotted = bare.match(/^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/);
  const text = dotted
    ? `${dotted[1]}${(+dotted[2]! * 256 + +dotted[3]!).toString(16)}:${
      (+dotted[4]! * 256 + +dotted[5]!).toString(16)
    }`
    : bare;
  const [head = "", tail] = text.split("::");
  const left = head ? head.split(":") : [];
  const right = tail ? tail.split(":") : [];
  const groups = [...left, ...Array(8 - left.length - right.length).fill("0"), ...right];
  return Uint8Array.from(groups.flatMap((g) => [parseInt(g, 16) >> 8, parseInt(g, 16) & 255]));
}

/** The text form of 4 or 16 bytes; IPv4-mapped IPv6 becomes IPv4. Throws `RangeError` for any other length. */
export function bytesToAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) {
    throw new RangeError(
      `Cannot read an address: it must have 4 or 16 bytes, current value is ${bytes.length}`,
    );
  }
  if (isMapped(bytes)) return bytes.subarray(12).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8 | bytes[2 * i + 1]!).toString(16));
  return compressZeros(groups);
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255;
}

/** RFC 5952 section 4.2: the longest run of two or more zero groups, the first of equals. */
function compressZeros(groups: string[]): string {
  let best = { start: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === "0") n++;
    if (n > best.length) best = { start: i, length: n };
  }
  if (best.start < 0) return groups.join(":");
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
}

/** What one subscriber has at least: an IPv4 address, or an IPv6 /64. */
export function subscriberPrefix(address: string): string {
  return addressFamily(address) === 6 ? addressToBytes(address)!.subarray(0, 8).toHex() : address;
}

/** What one operator often has: the first 16 bits of an IPv4 address, 32 of an IPv6 one. */
export function operatorPrefix(address: string): string {
  const bytes = addressToBytes(address);
  return bytes === null ? address : bytes.subarray(0, bytes.length === 4 ? 2 : 4).toHex();
}

/** What the special-purpose registries say of an address (RFC 6890, RFC 6598 for 100.64/10). */
export function addressScope(address: string): AddressScope {
  const bytes = addressToBytes(address);
  if (bytes === null) return "reserved";
  if (bytes.length === 4) return scopeOfIPv4(bytes);
  return isMapped(bytes) ? scopeOfIPv4(bytes.subarray(12)) : scopeOfIPv6(bytes);
}

function scopeOfIPv4(bytes: Uint8Array): AddressScope {
  const [a, b, c] = bytes as unknown as [number, number, number];
  if (a === 0) return "unspecified";
  if (a === 127) return "loopback";
  if (a === 169 && b === 254) return "link-local";
  if (a === 10 || (a === 172 && b >> 4 === 1) || (a === 192 && b === 168) || (a === 100 && b >> 6 === 1)) {
    return "private";
  }
  if (a >> 4 === 14) return "multicast";
  if ((a === 192 && b === 0 && c === 0) || (a === 198 && b >> 1 === 9)) return "reserved";
  return a >> 4 === 15 ? "reserved" : "global";
}

function scopeOfIPv6(bytes: Uint8Array): AddressScope {
  const [a, b] = bytes as unknown as [number, number];
  if (bytes.subarray(0, 15).every((x) => x === 0)) {
    return bytes[15] === 0 ? "unspecified" : bytes[15] === 1 ? "loopback" : "reserved";
  }
  if (a === 255) return "multicast";
  if (a === 254 && b >> 6 === 2) return "link-local";
  if (a >> 1 === 126) return "private";
  return IPV4_IN_IPV6.some((prefix) => prefix.every((byte, i) => byte === bytes[i])) ? "reserved" : "global";
}

/**
 * Prefixes of addresses behind which a translator or a relay finds one of IPv4: whoever names one of them names a machine that
 * only looks like one of IPv6. NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380), and the IPv4-compatible ones
 * (RFC 4291 section 2.5.5.1).
 */
const IPV4_IN_IPV6: readonly (readonly number[])[] = [
  [0, 0x64, 0xff, 0x9b],
  [0x20, 0x02],
  [0x20, 0x01, 0, 0],
  Array<number>(12).fill(0),
];

/**
 * Reads `HOST:PORT` or `[IPV6]:PORT`; the host may be a name.
 * Throws `SyntaxError` when it has another form or the port is not 1 to 65535.
 */
export function parseHostPort(text: string): Endpoint {
  const match = text.match(/^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/);
  const port = Number(match?.[3]);
  if (!match || !isPort(port)) {
    throw new SyntaxError(
      `Cannot read a node address: it must be HOST:PORT with a port from 1 to 65535, current value is "${text}"`,
    );
  }
  return { hostname: match[1] ?? match[2]!, port };
}

/** Whether it is at an IPv4 address of the public internet, however that is written: `::ffff:192.0.2.1` is one. */
export function isGlobalIPv4({ hostname }: Endpoint): boolean {
  return addressFamily(canonicalAddress(hostname)) === 4 && addressScope(hostname) === "global";
}
