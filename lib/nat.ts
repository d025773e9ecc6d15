/**
 * What a NAT does to TCP, as one peer tells another: how it allots external ports, whom it lets in, what it answers
 * to whom it does not. One text form for the record, the knock and `skip check`.
 *
 * ```text
 * preserving                          the mapping alone; everything else unknown
 * preserving/port/reset               mapping / filtering / refusal
 * sequential:40012+1@20/port          next external port, step, new flows a second of others
 * block:2048-4095/port                the range within which ports are drawn
 * random/port/silence/web             only ports 80 and 443 outwards
 * ```
 *
 * @see RFC 4787 and RFC 5382 for the words
 * @module
 */
import { isPort } from "./endpoint.ts";

/**
 * How external ports are allotted.
 *
 * | mapping | the external port |
 * |---|---|
 * | `open` | there is no translation |
 * | `preserving` | is the local one, for every destination |
 * | `independent` | is another, the same for every destination |
 * | `sequential` | is the next one for each destination |
 * | `block` | is drawn from a small range for each destination |
 * | `random` | is drawn from all for each destination |
 * | `dependent` | depends on the destination; nobody has found out how |
 * | `unknown` | nobody has said |
 */
export type Mapping =
  | "open"
  | "preserving"
  | "independent"
  | "sequential"
  | "block"
  | "random"
  | "dependent"
  | "unknown";

/** Who gets in at a mapped port: anybody, any port of an address that was contacted, or the contacted port alone. */
export type Filtering = "independent" | "address" | "port" | "unknown";

/** What an unasked SYN gets. */
export type Refusal = "silence" | "reset" | "icmp" | "unknown";

/** What a NAT that allots in sequence will do next. */
export interface PortSequence {
  /** The external port of the next new flow, as of the observation. */
  readonly next: number;
  /** Between one flow and the next; may be negative. */
  readonly step: number;
  /** New flows of others per second, at least 0. */
  readonly rate: number;
}

/** A range of ports, both ends included. */
export interface PortRange {
  /** The least port. */
  readonly first: number;
  /** The greatest port. */
  readonly last: number;
}

/** A NAT, or the want of one. */
export interface Nat {
  /** How external ports are allotted. */
  readonly mapping: Mapping;
  /** Who gets in. */
  readonly filtering: Filtering;
  /** What those get who do not. */
  readonly refusal: Refusal;
  /** Whether only ports 80 and 443 can be reached from inside. */
  readonly webOnly: boolean;
  /** With `sequential`. */
  readonly sequence?: PortSequence;
  /** With `block`. */
  readonly block?: PortRange;
}

/** The longest text form; anything longer is not read. */
export const MAX_NAT_TEXT = 64;

const MAPPINGS: readonly string[] = [
  "open",
  "preserving",
  "independent",
  "sequential",
  "block",
  "random",
  "dependent",
  "unknown",
] satisfies Mapping[];
const FILTERINGS: readonly string[] = ["independent", "address", "port", "unknown"] satisfies Filtering[];
const REFUSALS: readonly string[] = ["silence", "reset", "icmp", "unknown"] satisfies Refusal[];

/** Whether all that one socket sends comes from one external port: "endpoint-independent mapping" (RFC 4787 section 4.1). */
export function isEndpointIndependent({ mapping }: Nat): boolean {
  return mapping === "open" || mapping === "preserving" || mapping === "independent";
}

/** A NAT of which no more is known than how it maps. */
export function natOf(mapping: Mapping, more: Partial<Nat> = {}): Nat {
  return { mapping, filtering: "unknown", refusal: "unknown", webOnly: false, ...more };
}

/** The text form; what is unknown at its end is left out. */
export function formatNat({ mapping, filtering, refusal, webOnly, sequence, block }: Nat): string {
  const detail = sequence
    ? `:${sequence.next}${sequence.step < 0 ? "" : "+"}${sequence.step}@${Math.round(sequence.rate)}`
    : block
    ? `:${block.first}-${block.last}`
    : "";
  const parts = [mapping + detail, filtering, refusal, ...(webOnly ? ["web"] : [])];
  while (parts.at(-1) === "unknown" && parts.length > 1) parts.pop();
  return parts.join("/");
}

/** Reads the text form; `null` for anything else. Never throws. */
export function parseNat(text: string): Nat | null {
  if (text.length > MAX_NAT_TEXT) return null;
  const [head = "", filtering = "unknown", refusal = "unknown", web, ...rest] = text.split("/");
  const [mapping = "", detail, ...more] = head.split(":");
  const isKnown = MAPPINGS.includes(mapping) && FILTERINGS.includes(filtering) && REFUSALS.includes(refusal);
  if (!isKnown || rest.length + more.length > 0 || (web !== undefined && web !== "web")) return null;
  const nat = natOf(mapping as Mapping, {
    filtering: filtering as Filtering,
    refusal: refusal as Refusal,
    webOnly: web !== undefined,
  });
  if (detail === undefined) return nat;
  const sequence = mapping === "sequential" ? parseSequence(detail) : null;
  const block = mapping === "block" ? parseRange(detail) : null;
  return sequence ? { ...nat, sequence } : block ? { ...nat, block } : null;
}

function parseSequence(text: string): PortSequence | null {
  const match = /^(\d{1,5})([+-]\d{1,4})@(\d{1,5})$/.exec(text);
  if (!match) return null;
  const [next, step, rate] = match.slice(1).map(Number) as [number, number, number];
  return isPort(next) && step !== 0 ? { next, step, rate } : null;
}

function parseRange(text: string): PortRange | null {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  if (!match) return null;
  const [first, last] = match.slice(1).map(Number) as [number, number];
  return isPort(first) && isPort(last) && first <= last ? { first, last } : null;
}
