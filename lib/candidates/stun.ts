/**
 * STUN messages (RFC 8489), as much as a Binding exchange over TCP needs.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8489
 * @module
 */
import { concat } from "../bytes.ts";
import { addressToBytes, bytesToAddress, type Endpoint, isPort } from "../endpoint.ts";

/** Size of the fixed header (section 5). */
export const STUN_HEADER_BYTES = 20;
/** Ours: a Binding message needs a few dozen bytes; whoever announces more is not worth reading. */
export const STUN_MAX_BODY_BYTES = 548;
const MAGIC_COOKIE = Uint8Array.of(0x21, 0x12, 0xa4, 0x42);

/** Method and class (section 5). */
export const StunType = { request: 0x0001, indication: 0x0011, success: 0x0101, error: 0x0111 } as const;

/** Attributes (section 18.3), and four of ours from the comprehension-optional range (section 18.3.2). */
export const StunAttribute = {
  /** What servers of RFC 3489 answer with; routers that rewrite addresses in passing spoil it. */
  mappedAddress: 0x0001,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  xorMappedAddress: 0x0020,
  /** Ours: says which id the connecting peer wants, see `check`. */
  wanted: 0xc5d0,
  /** Ours: the serving peer's signature, see `check`. */
  proof: 0xc5d1,
  /** Ours: asks the observer to try to get in at the asker's own address, see `check`. */
  probe: 0xc5d2,
  /** Ours: what became of that, see `check`. */
  probed: 0xc5d3,
} as const;

/** A parsed message. */
export interface StunMessage {
  /** One of {@linkcode StunType}, or another one that we do not answer. */
  readonly type: number;
  /** 12 bytes. */
  readonly transactionId: Uint8Array;
  /** In order; the first of a kind counts (section 14). */
  readonly attributes: ReadonlyMap<number, Uint8Array>;
}

/** 12 fresh random bytes. */
export function newTransactionId(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(12));
}

/** The bytes of a message. */
export function encodeStun(message: StunMessage): Uint8Array<ArrayBuffer> {
  const body = concat(...[...message.attributes].map(([type, value]) => {
    const attribute = new Uint8Array(4 + Math.ceil(value.length / 4) * 4); // padded to 4 bytes
    new DataView(attribute.buffer).setUint16(0, type);
    new DataView(attribute.buffer).setUint16(2, value.length);
    attribute.set(value, 4);
    return attribute;
  }));
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint16(0, message.type);
  new DataView(head.buffer).setUint16(2, body.length);
  return concat(head, MAGIC_COOKIE, message.transactionId, body);
}

/**
 * The length of the body that follows a 20-byte header; `null` when it is no STUN header, or announces more
 * than {@linkcode STUN_MAX_BODY_BYTES}.
 */
export function stunBodyLength(header: Uint8Array): number | null {
  if (header.length < STUN_HEADER_BYTES || header[0]! > 3) return null; // two zero bits first (section 5)
  if (MAGIC_COOKIE.some((byte, i) => header[4 + i] !== byte)) return null;
  const length = header[2]! << 8 | header[3]!;
  return length % 4 === 0 && length <= STUN_MAX_BODY_BYTES ? length : null;
}

/** Parses one whole message; `null` for anything else. Never throws. */
export function decodeStun(bytes: Uint8Array): StunMessage | null {
  const length = stunBodyLength(bytes);
  if (length === null || bytes.length !== STUN_HEADER_BYTES + length) return null;
  const attributes = new Map<number, Uint8Array>();
  for (let at = STUN_HEADER_BYTES; at < bytes.length;) {
    const type = bytes[at]! << 8 | bytes[at + 1]!;
    const size = bytes[at + 2]! << 8 | bytes[at + 3]!;
    if (at + 4 + size > bytes.length) return null;
    if (!attributes.has(type)) attributes.set(type, bytes.slice(at + 4, at + 4 + size));
    at += 4 + Math.ceil(size / 4) * 4;
  }
  return { type: bytes[0]! << 8 | bytes[1]!, transactionId: bytes.slice(8, 20), attributes };
}

/** Attributes below 0x8000 that we do not know and so may not ignore (section 6.3.1). */
export function unknownRequired({ attributes }: StunMessage): number[] {
  const known = Object.values(StunAttribute) as number[];
  // Credentials and fingerprints may come with any request; we need none of them.
  const harmless = [0x0006, 0x0008, 0x0014, 0x0015, 0x001c, 0x001d, 0x001e];
  return [...attributes.keys()].filter((t) => t < 0x8000 && !known.includes(t) && !harmless.includes(t));
}

/** XOR-MAPPED-ADDRESS (section 14.2). Throws `TypeError` when the endpoint has no IP address. */
export function encodeXorAddress(endpoint: Endpoint, transactionId: Uint8Array): Uint8Array<ArrayBuffer> {
  const address = addressToBytes(endpoint.hostname);
  if (address === null) {
    throw new TypeError(`Cannot encode an address: current value is ${endpoint.hostname}`);
  }
  const port = Uint8Array.of(endpoint.port >> 8, endpoint.port & 255);
  const family = address.length === 4 ? 1 : 2;
  return concat(
    Uint8Array.of(0, family),
    xor(port, MAGIC_COOKIE),
    xor(address, concat(MAGIC_COOKIE, transactionId)),
  );
}

/** The inverse of {@linkcode encodeXorAddress}; `null` for anything malformed. */
export function decodeXorAddress(value: Uint8Array, transactionId: Uint8Array): Endpoint | null {
  const mask = concat(Uint8Array.of(0, 0), MAGIC_COOKIE.subarray(0, 2), MAGIC_COOKIE, transactionId);
  return value.length > mask.length ? null : decodeAddress(xor(value, mask));
}

/** MAPPED-ADDRESS (section 14.1); `null` for anything malformed. */
export function decodeAddress(value: Uint8Array): Endpoint | null {
  const size = value[1] === 1 ? 4 : value[1] === 2 ? 16 : 0;
  if (size === 0 || value.length !== 4 + size) return null;
  const endpoint = { hostname: bytesToAddress(value.subarray(4)), port: value[2]! << 8 | value[3]! };
  return isPort(endpoint.port) ? endpoint : null;
}

function xor(bytes: Uint8Array, key: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes, (b, i) => b ^ key[i]!);
}

/** ERROR-CODE (section 14.8): a number from 300 to 699 and a phrase. */
export function encodeErrorCode(code: number, reason: string): Uint8Array<ArrayBuffer> {
  return concat(Uint8Array.of(0, 0, Math.trunc(code / 100), code % 100), new TextEncoder().encode(reason));
}
