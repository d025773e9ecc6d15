/**
 * One network in one line, to be pasted to a friend: what decides about a connection and nothing that tells who or
 * where somebody is.
 *
 * ```text
 * skip1 preserving/port/silence          the NAT, in the form of `formatNat`
 * skip1 random/port v6                   IPv6 reaches the internet
 * skip1 preserving/port/reset v6 map     the router forwards a port to us
 * ```
 *
 * @module
 */
import { formatNat, type Nat, parseNat } from "../nat.ts";

const VERSION = "skip1";
/** The longest line; anything longer is not read. */
const MAX_LINE = 100;

/** What a line tells. */
export interface NetLine {
  /** What the NAT does to TCP over IPv4. */
  readonly nat: Nat;
  /** Whether IPv6 reaches the internet. */
  readonly ipv6: boolean;
  /** Whether the router forwards a port to this machine. */
  readonly mapped: boolean;
}

/** The text form. */
export function formatNetLine({ nat, ipv6, mapped }: NetLine): string {
  return [VERSION, formatNat(nat), ...(ipv6 ? ["v6"] : []), ...(mapped ? ["map"] : [])].join(" ");
}

/** Reads the text form, with white space around it; `null` for anything else. Never throws. */
export function parseNetLine(text: string): NetLine | null {
  if (text.length > MAX_LINE) return null;
  const [version, head, ...flags] = text.trim().split(/ +/);
  const nat = version === VERSION && head !== undefined ? parseNat(head) : null;
  const isKnown = ["", "v6", "map", "v6 map"].includes(flags.join(" "));
  return nat && isKnown ? { nat, ipv6: flags.includes("v6"), mapped: flags.includes("map") } : null;
}
