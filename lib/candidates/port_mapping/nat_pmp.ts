/**
 * NAT-PMP messages (RFC 6886), as much as mapping one TCP port needs.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6886
 * @module
 */
import { bytesToAddress } from "../../endpoint.ts";

const EXTERNAL_ADDRESS = 0;
const MAP_TCP = 2;
const RESPONSE = 128;

/** The request for the router's external address (section 3.2). */
export const NAT_PMP_ADDRESS_REQUEST: Uint8Array<ArrayBuffer> = Uint8Array.of(0, EXTERNAL_ADDRESS);

/** What a router answers about itself. */
export interface NatPmpAddress {
  /** 0 is success (section 3.5). */
  readonly result: number;
  readonly hostname: string;
}

/** What a router answers about a mapping. */
export interface NatPmpMapping {
  /** 0 is success (section 3.5). */
  readonly result: number;
  /** Seconds since the router lost its mappings last. */
  readonly epoch: number;
  readonly externalPort: number;
  /** Seconds. */
  readonly lifetime: number;
}

/** The 12 bytes of a request to map TCP port `port`; a lifetime of 0 removes the mapping (section 3.3 and 3.4). */
export function encodeNatPmpMap(
  port: number,
  { lifetime, suggested }: { lifetime: number; suggested: number },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint8(1, MAP_TCP);
  view.setUint16(4, port);
  view.setUint16(6, lifetime === 0 ? 0 : suggested);
  view.setUint32(8, lifetime);
  return bytes;
}

/** Reads the answer to {@linkcode NAT_PMP_ADDRESS_REQUEST}; `null` for anything else. Never throws. */
export function decodeNatPmpAddress(bytes: Uint8Array): NatPmpAddress | null {
  if (bytes.length !== 12 || bytes[0] !== 0 || bytes[1] !== RESPONSE + EXTERNAL_ADDRESS) return null;
  return { result: bytes[2]! << 8 | bytes[3]!, hostname: bytesToAddress(bytes.slice(8, 12)) };
}

/** Reads the answer to a request to map `port`; `null` for anything else. Never throws. */
export function decodeNatPmpMap(bytes: Uint8Array, port: number): NatPmpMapping | null {
  if (bytes.length !== 16 || bytes[0] !== 0 || bytes[1] !== RESPONSE + MAP_TCP) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(8) !== port) return null;
  return {
    result: view.getUint16(2),
    epoch: view.getUint32(4),
    externalPort: view.getUint16(10),
    lifetime: view.getUint32(12),
  };
}
