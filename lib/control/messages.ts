import type { KnockContent } from "../discovery/mod.ts";
import {
  addressFamily,
  canonicalAddress,
  type Endpoint,
  formatEndpoint,
  isPort,
  parseHostPort,
} from "../endpoint.ts";
import { formatNat, parseNat } from "../nat.ts";

/** Longer than any message with all that it may hold. */
const MAX_TEXT_LENGTH = 2048;
/** As many as a knock through the DHT holds. */
const MAX_CANDIDATES = 8;
const MAX_PORTS = 16;

/** What is said on a control channel; each `n` is answered with the same `n`. */
export type ControlMessage =
  /** Are you there? */
  | { readonly type: "ping" | "pong"; readonly n: number }
  /** The connecting peer dials from a fresh port: the serving peer is to dial it there. */
  | { readonly type: "knock"; readonly n: number; readonly knock: ControlKnock }
  /** It does. */
  | { readonly type: "knocked"; readonly n: number }
  /** It does so from these external ports, of a NAT that gives each connection another one. */
  | { readonly type: "ports"; readonly n: number; readonly ports: readonly number[] };

/** What a knock says that comes on a connection: who it is from is known. */
export type ControlKnock = Pick<KnockContent, "candidates" | "nat" | "ports">;

/** One JSON object. */
export function encodeControl(message: ControlMessage): string {
  if (message.type === "ports") {
    return JSON.stringify({ ...message, ports: message.ports.slice(0, MAX_PORTS) });
  }
  if (message.type !== "knock") return JSON.stringify(message);
  const { candidates, nat, ports = [] } = message.knock;
  return JSON.stringify({
    type: message.type,
    n: message.n,
    candidates: candidates.slice(0, MAX_CANDIDATES).map(formatEndpoint),
    nat: formatNat(nat),
    ...(ports.length > 0 ? { ports: ports.slice(0, MAX_PORTS) } : {}),
  });
}

/** Reads what a stranger sent; `null` for whatever is no message. Never throws. */
export function decodeControl(text: unknown): ControlMessage | null {
  if (typeof text !== "string" || text.length > MAX_TEXT_LENGTH) return null;
  let value: Record<string, unknown> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { type, n } = value ?? {};
  if (!Number.isSafeInteger(n)) return null;
  switch (type) {
    case "ping":
    case "pong":
    case "knocked":
      return { type, n: n as number };
    case "ports": {
      const { ports } = value!;
      return isPorts(ports) ? { type, n: n as number, ports } : null;
    }
    case "knock": {
      const knock = decodeKnock(value!);
      return knock && { type, n: n as number, knock };
    }
    default:
      return null;
  }
}

function decodeKnock({ candidates, nat, ports = [] }: Record<string, unknown>): ControlKnock | null {
  const read = isList(candidates, MAX_CANDIDATES) ? candidates.map(decodeEndpoint) : [];
  const known = typeof nat === "string" ? parseNat(nat) : null;
  if (read.length === 0 || !read.every((e) => e !== null) || !known) return null;
  if (!isPorts(ports)) return null;
  return { candidates: read, nat: known, ...(ports.length > 0 ? { ports } : {}) };
}

function isPorts(value: unknown): value is number[] {
  return isList(value, MAX_PORTS) && value.every((p) => typeof p === "number" && isPort(p));
}

function isList(value: unknown, most: number): value is unknown[] {
  return Array.isArray(value) && value.length <= most;
}

/** In canonical form, so that nobody hides an address of IPv4 in one of IPv6. */
function decodeEndpoint(text: unknown): Endpoint | null {
  if (typeof text !== "string") return null;
  try {
    const { hostname, port } = parseHostPort(text);
    return addressFamily(hostname) === 0 ? null : { hostname: canonicalAddress(hostname), port };
  } catch {
    return null;
  }
}
