/**
 * What a datagram must look like before anything of ours, or of the library, looks at it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type BencodeDict, type BencodeValue, isDict, readBencode } from "./bencode.ts";

/** Larger packets are dropped: an Ethernet frame holds 1,472 bytes, the largest honest reply about 1,300. */
export const MAX_PACKET_BYTES = 2_000;
const MAX_TRANSACTION_BYTES = 32;
const MAX_METHOD_BYTES = 32;
const MAX_TOKEN_BYTES = 256;
const NODE_ID_BYTES = 20;

/** A question (BEP 5). */
export interface QueryMessage {
  readonly y: "q";
  readonly t: Buffer;
  readonly q: string;
  readonly a: BencodeDict & { readonly id: Buffer };
  /** The sender cannot be reached and wants to be in nobody's table (BEP 43). */
  readonly readOnly: boolean;
}

/** An answer. */
export interface ResponseMessage {
  readonly y: "r";
  readonly t: Buffer;
  readonly r: BencodeDict & { readonly id: Buffer };
  /** Our endpoint as the sender sees it, in compact form (BEP 42). */
  readonly ip?: Buffer;
}

/** A refusal. */
export interface ErrorMessage {
  readonly y: "e";
  readonly t: Buffer;
  readonly code: number;
  readonly message: string;
}

/** A packet of the DHT, with every field that the protocol defines checked for type and length. */
export type KrpcMessage = QueryMessage | ResponseMessage | ErrorMessage;

/** Reads a packet, or gives `null` for what is none. Never throws. Keeps no reference to `packet`. */
export function readPacket(packet: Uint8Array): KrpcMessage | null {
  if (packet.length > MAX_PACKET_BYTES) return null;
  // Own memory of the exact size: parts of it may be stored for hours, and Deno's datagrams are 64 KiB each.
  const copy = Buffer.allocUnsafeSlow(packet.length);
  copy.set(packet);
  const dict = readBencode(copy) ?? undefined;
  if (!isDict(dict) || !isBytes(dict.t, 1, MAX_TRANSACTION_BYTES) || !isBytes(dict.y, 1, 1)) return null;
  switch (dict.y.toString("latin1")) {
    case "q":
      return readQuery(dict, dict.t);
    case "r":
      return readResponse(dict, dict.t);
    case "e":
      return readError(dict, dict.t);
    default:
      return null;
  }
}

type FieldCheck = (value: BencodeValue) => boolean;

const QUERY_FIELDS: Readonly<Record<string, FieldCheck>> = {
  target: (x) => isBytes(x, NODE_ID_BYTES),
  info_hash: (x) => isBytes(x, NODE_ID_BYTES),
  token: (x) => isBytes(x, 0, MAX_TOKEN_BYTES),
  port: isNumber,
  implied_port: isNumber,
  k: (x) => isBytes(x, 32),
  sig: (x) => isBytes(x, 64),
  seq: isNumber,
  cas: isNumber,
  salt: (x) => isBytes(x, 0, MAX_PACKET_BYTES),
};

const RESPONSE_FIELDS: Readonly<Record<string, FieldCheck>> = {
  nodes: (x) => isBytes(x, 0, MAX_PACKET_BYTES),
  token: (x) => isBytes(x, 0, MAX_TOKEN_BYTES),
  values: (x) => Array.isArray(x) && x.every((peer) => isBytes(peer, 0, 64)),
  k: (x) => isBytes(x, 32),
  sig: (x) => isBytes(x, 64),
  seq: isNumber,
};

function readQuery(dict: BencodeDict, t: Buffer): QueryMessage | null {
  const { q, a } = dict;
  if (!isBytes(q, 1, MAX_METHOD_BYTES) || !isDict(a) || !hasId(a) || !fits(a, QUERY_FIELDS)) return null;
  return { y: "q", t, q: q.toString("latin1"), a, readOnly: dict.ro === 1 };
}

function readResponse(dict: BencodeDict, t: Buffer): ResponseMessage | null {
  const { r, ip } = dict;
  if (!isDict(r) || !hasId(r) || !fits(r, RESPONSE_FIELDS)) return null;
  return isBytes(ip, 6) ? { y: "r", t, r, ip } : { y: "r", t, r };
}

function readError(dict: BencodeDict, t: Buffer): ErrorMessage | null {
  if (!Array.isArray(dict.e)) return null;
  const [code, message] = dict.e;
  return {
    y: "e",
    t,
    code: isNumber(code) ? code : 0,
    message: isBytes(message, 0, MAX_PACKET_BYTES) ? message.toString("utf8") : "",
  };
}

function fits(dict: BencodeDict, checks: Readonly<Record<string, FieldCheck>>): boolean {
  return Object.entries(checks).every(([key, check]) => dict[key] === undefined || check(dict[key]));
}

function hasId(dict: BencodeDict): dict is BencodeDict & { id: Buffer } {
  return isBytes(dict.id, NODE_ID_BYTES);
}

function isBytes(value: BencodeValue | undefined, min: number, max = min): value is Buffer {
  return Buffer.isBuffer(value) && value.length >= min && value.length <= max;
}

function isNumber(value: BencodeValue | undefined): value is number {
  return typeof value === "number";
}
