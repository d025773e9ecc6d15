/**
 * PCP messages (RFC 6887), as much as mapping one TCP port needs.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6887
 * @module
 */
import { concat } from "../../bytes.ts";
import { addressToBytes, bytesToAddress, canonicalAddress, type Endpoint } from "../../endpoint.ts";

const VERSION = 2;
const MAP = 1;
const RESPONSE = 0x80;
const TCP = 6;
const HEADER_BYTES = 24;
const UNSUPPORTED_VERSION = 1;
/** Header and MAP opcode (sections 7.2 and 11.1); options may follow. */
const MESSAGE_BYTES = 60;
/** Section 7: no message is longer. */
const MAX_BYTES = 1100;
const NONCE_BYTES = 12;

/** One request for a mapping. */
export interface PcpMapRequest {
  /** 12 bytes; the same for renewing and removing. */
  readonly nonce: Uint8Array;
  /** Our own address, as the router sees it. */
  readonly client: string;
  readonly port: number;
  /** Seconds; 0 removes. */
  readonly lifetime: number;
  /** The external endpoint that we would like, or had. */
  readonly suggested?: Endpoint;
}

/** What a router answers. */
export interface PcpMapResponse {
  /** 0 is success (section 7.4). */
  readonly result: number;
  /** Seconds. */
  readonly lifetime: number;
  /** Seconds since the router lost its mappings last (section 8.5). */
  readonly epoch: number;
  readonly external: Endpoint;
}

/** The 60 bytes of a MAP request for TCP. Throws `TypeError` if `client` is no address. */
export function encodePcpMap(request: PcpMapRequest): Uint8Array<ArrayBuffer> {
  const { client, lifetime, nonce, port, suggested } = request;
  const head = new Uint8Array(8);
  head.set([VERSION, MAP]);
  new DataView(head.buffer).setUint32(4, lifetime);
  const body = new Uint8Array(8);
  body[0] = TCP;
  new DataView(body.buffer).setUint16(4, port);
  new DataView(body.buffer).setUint16(6, suggested?.port ?? 0);
  // "Any" of the family that we mean (section 11.1).
  const wanted = suggested?.hostname ?? (client.includes(":") ? "::" : "0.0.0.0");
  return concat(head, mapped(client), nonce, body, mapped(wanted));
}

/** Whether a router says that it does not know PCP, in whatever version of its own (section 9 of RFC 6887). Never throws. */
export function isPcpUnknown(bytes: Uint8Array): boolean {
  const isNatPmp = bytes[0] === 0 && bytes.length >= 8 && bytes.length <= 16;
  const isPcp = bytes[0]! > 0 && bytes.length >= HEADER_BYTES && bytes.length <= MAX_BYTES;
  return (isNatPmp || isPcp) && (bytes[1]! & RESPONSE) !== 0 && bytes[3] === UNSUPPORTED_VERSION;
}

/** Reads the answer to the request with that nonce and port; `null` for anything else. Never throws. */
export function decodePcpMap(bytes: Uint8Array, nonce: Uint8Array, port: number): PcpMapResponse | null {
  if (bytes.length < MESSAGE_BYTES || bytes.length > MAX_BYTES || bytes.length % 4 !== 0) return null;
  if (bytes[0] !== VERSION || bytes[1] !== (RESPONSE | MAP) || bytes[36] !== TCP) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (nonce.some((byte, i) => bytes[24 + i] !== byte) || nonce.length !== NONCE_BYTES) return null;
  if (view.getUint16(40) !== port) return null;
  const hostname = canonicalAddress(bytesToAddress(bytes.slice(44, 60)));
  return {
    result: bytes[3]!,
    lifetime: view.getUint32(4),
    epoch: view.getUint32(8),
    external: { hostname, port: view.getUint16(42) },
  };
}

/** 16 bytes; an IPv4 address in its IPv4-mapped form (section 5). */
function mapped(address: string): Uint8Array {
  const bytes = addressToBytes(address);
  if (bytes === null) throw new TypeError(`Cannot encode an address: current value is ${address}`);
  return bytes.length === 16 ? bytes : concat(new Uint8Array(10), Uint8Array.of(255, 255), bytes);
}
