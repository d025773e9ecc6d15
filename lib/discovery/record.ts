/**
 * The record: what a serving peer says about itself, as a DNS packet. Signed as a BEP 44 item it is a valid pkarr
 * packet, so any pkarr tool can resolve it.
 *
 * `TXT _skip.<id>` is what we read ourselves; `SRV _skip._tcp.<id>` with `A` and `AAAA` of `<id>` tells everyone
 * else where it is reachable, if anywhere. The strings of the TXT record:
 *
 * ```text
 * v=1                      version, first
 * key=<43 of base64url>    X25519 key to which knocks are sealed
 * nat=preserving/port      the NAT, see nat.ts
 * p=40012,40013            external ports from which whoever knocked last is being dialled
 * dht=203.0.113.9:50712    the DHT socket as others see it
 * h=192.168.1.7:50712      candidates, best first: h host, r reflexive, m mapped
 * r=[2001:db8::9]:50712
 * ```
 *
 * @see {@link https://pkarr.org}
 * @module
 */
import dns from "dns-packet";
import { Buffer } from "node:buffer";
import {
  addressFamily,
  addressScope,
  type Candidate,
  type CandidateKind,
  canonicalAddress,
  type Endpoint,
  formatEndpoint,
  isPort,
  parseHostPort,
} from "../endpoint.ts";
import { PeerError } from "../errors.ts";
import { formatPeerId } from "../identity/mod.ts";
import { formatNat, natOf, parseNat } from "../nat.ts";
import { MAX_PORTS } from "./seal.ts";
import type { ServiceRecord } from "./types.ts";

/** BEP 44 allows 1000 bencoded, with a prefix of four; libtorrent counts so. */
export const MAX_RECORD_BYTES = 996;
/** Candidates in a record. */
export const MAX_RECORD_CANDIDATES = 16;
/** A record more than this ahead of our clock is used for want of another: one of the two clocks is wrong, or was. */
export const MAX_AHEAD_MS = 10 * 60_000;
/** Nodes drop what was not put again for 2 h, so an older record was kept by somebody else: used for want of better. */
export const FRESH_MS = 2 * 60 * 60_000;

const VERSION = "1";
/** Seconds; the shortest that pkarr clients honour by default. */
const TTL_S = 300;
/** Of all sections together; our own records have at most four. */
const MAX_ANSWERS = 64;
const HEADER_BYTES = 12;
const SEAL_KEY_BYTES = 32;

const KIND_OF: ReadonlyMap<string, CandidateKind> = new Map([
  ["h", "host"],
  ["r", "reflexive"],
  ["m", "mapped"],
]);

/** The part of an answer of `dns-packet` that we use. */
interface Answer {
  readonly name: string;
  readonly type: string;
  readonly data: unknown;
}

/**
 * The record as a DNS packet under the key's own name. Of candidates beyond 16, or beyond what fits in
 * {@linkcode MAX_RECORD_BYTES}, the last are left out.
 */
export function encodeRecord(publicKey: Uint8Array, record: ServiceRecord): Uint8Array<ArrayBuffer> {
  const id = formatPeerId(publicKey);
  const candidates = record.candidates.filter(isUsable).slice(0, MAX_RECORD_CANDIDATES);
  for (;;) {
    const answers = [skipTxt(id, record, candidates), ...publicAnswers(id, candidates)];
    const packet = dns.encode({ type: "response", id: 0, flags: 0, answers });
    if (packet.length <= MAX_RECORD_BYTES) return Uint8Array.from(packet);
    candidates.pop();
  }
}

/** Reads what {@linkcode encodeRecord} wrote; a `PeerError` `bad-record` says why it cannot. Never throws. */
export function decodeRecord(publicKey: Uint8Array, v: Uint8Array): ServiceRecord | PeerError {
  const answers = readAnswers(v);
  if (!answers) return badRecord("it is no DNS packet");
  const name = `_skip.${formatPeerId(publicKey)}`;
  const txt = answers.find((a) => a.type === "TXT" && a.name.toLowerCase() === name);
  if (!txt) return badRecord(`it has no TXT record "_skip", so it belongs to another program`);
  const strings = [txt.data].flat().map((part) => Buffer.from(part as Uint8Array).toString("utf8"));
  return readStrings(strings.map(splitPair));
}

/** How far to believe a record, by its sequence number: microseconds since 1970. */
export function ageOf(seq: number, nowMs: number): "future" | "fresh" | "stale" {
  const ageMs = nowMs - seq / 1000;
  return ageMs < -MAX_AHEAD_MS ? "future" : ageMs > FRESH_MS ? "stale" : "fresh";
}

/** What is said of a record that cannot be used. */
export function badRecord(reason: string): PeerError {
  return new PeerError("bad-record", `Cannot read the record of the peer: ${reason}`);
}

function readStrings(pairs: readonly (readonly [string, string])[]): ServiceRecord | PeerError {
  const fields = new Map(pairs);
  const version = fields.get("v");
  if (version !== VERSION) {
    return badRecord(`it has version "${version ?? ""}", and this program knows version ${VERSION}`);
  }
  const sealKey = Buffer.from(fields.get("key") ?? "", "base64url");
  if (sealKey.length !== SEAL_KEY_BYTES) return badRecord("its key for knocks is missing or malformed");
  const ports = readPorts(fields.get("p") ?? "");
  const dht = readEndpoint(fields.get("dht") ?? "");
  return {
    candidates: pairs.flatMap(readCandidate).slice(0, MAX_RECORD_CANDIDATES),
    nat: parseNat(fields.get("nat") ?? "") ?? natOf("unknown"),
    ...(ports.length > 0 && { ports }),
    ...(dht && { dht }),
    sealKey: Uint8Array.from(sealKey),
  };
}

function readCandidate([key, value]: readonly [string, string]): Candidate[] {
  const kind = KIND_OF.get(key);
  const endpoint = kind && readEndpoint(value);
  return endpoint ? [{ ...endpoint, kind }] : [];
}

function readPorts(text: string): number[] {
  return text.split(",").map(Number).filter(isPort).slice(0, MAX_PORTS);
}

function readEndpoint(text: string): Endpoint | undefined {
  try {
    const { hostname, port } = parseHostPort(text);
    const endpoint = { hostname: canonicalAddress(hostname), port };
    return isUsable(endpoint) ? endpoint : undefined;
  } catch {
    return undefined;
  }
}

/** Whether an endpoint names one machine. */
function isUsable({ hostname, port }: Endpoint): boolean {
  const scope = addressScope(hostname);
  return isPort(port) && scope !== "unspecified" && scope !== "multicast" && scope !== "reserved";
}

function splitPair(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function skipTxt(id: string, record: ServiceRecord, candidates: readonly Candidate[]): object {
  const letters = new Map([...KIND_OF].map(([letter, kind]) => [kind, letter]));
  const data = [
    `v=${VERSION}`,
    `key=${Buffer.from(record.sealKey).toString("base64url")}`,
    `nat=${formatNat(record.nat)}`,
    ...(record.ports?.length ? [`p=${record.ports.slice(0, MAX_PORTS).join(",")}`] : []),
    ...(record.dht ? [`dht=${formatEndpoint(record.dht)}`] : []),
    ...candidates.map((c) => `${letters.get(c.kind)}=${formatEndpoint(c)}`),
  ];
  return { type: "TXT", name: `_skip.${id}`, ttl: TTL_S, data };
}

/** One port, and for each family the best public address that has it: an SRV record can say no more. */
function publicAnswers(id: string, candidates: readonly Candidate[]): object[] {
  const open = candidates.filter((c) => addressScope(c.hostname) === "global");
  const port = open[0]?.port;
  if (port === undefined) return [];
  const at = (family: number) =>
    open.find((c) => c.port === port && addressFamily(c.hostname) === family)?.hostname;
  const [ipv4, ipv6] = [at(4), at(6)];
  const srv = { port, priority: 0, weight: 0, target: id };
  return [
    { type: "SRV", name: `_skip._tcp.${id}`, ttl: TTL_S, data: srv },
    ...(ipv4 ? [{ type: "A", name: id, ttl: TTL_S, data: ipv4 }] : []),
    ...(ipv6 ? [{ type: "AAAA", name: id, ttl: TTL_S, data: ipv6 }] : []),
  ];
}

/** `dns-packet` throws at what is malformed, and makes lists as long as the header says: looked at first. */
function readAnswers(v: Uint8Array): Answer[] | undefined {
  if (v.length < HEADER_BYTES || v.length > MAX_RECORD_BYTES + 4) return undefined;
  const packet = Buffer.from(v);
  const counts = [4, 6, 8, 10].map((at) => packet.readUInt16BE(at));
  if (counts.reduce((sum, n) => sum + n) > MAX_ANSWERS) return undefined;
  try {
    return dns.decode(packet).answers as Answer[];
  } catch {
    return undefined;
  }
}
