/**
 * How a connecting peer shows who it is, inside TLS: one signed text in a header.
 *
 * @module
 */
import { concat, utf8 } from "../bytes.ts";
import { formatPeerId, type Identity, parsePeerId, verifyBytes } from "../identity/mod.ts";
import { bytesToText, textToBytes } from "./_text.ts";

/** Header that carries a proof. */
export const PROOF_HEADER = "skip-peer";

/**
 * How far the two clocks may be apart, and how long a proof is good for, in milliseconds.
 *
 * TLS has shown the connecting peer who reads the proof, and the proof names that reader, so it is worth nothing anywhere
 * else. Nobody on the way sees it, and the serving peer could replay it to itself alone. What time limits is a proof that
 * leaks from the serving peer's memory or the like. So there is room for a clock that is wrong by a day, with a wrong time
 * zone on top; a challenge would need no clock, but would cost each connection a round trip.
 */
export const PROOF_WINDOW_MS = 36 * 60 * 60 * 1000;

/** Why a proof does not count. */
export type ProofFault = "malformed" | "wrong time" | "wrong signature";

/** No signature of this kind means anything in another place. */
const CONTEXT = utf8("skip-public-ip peer proof 1\n");
const VERSION = 1;
const KEY_BYTES = 32;
const NONCE_BYTES = 16;
const SIGNATURE_BYTES = 64;
const TIME_AT = 1 + KEY_BYTES;
const SIGNED_BYTES = TIME_AT + 8 + NONCE_BYTES;
/** 162 characters of text. */
const PROOF_BYTES = SIGNED_BYTES + SIGNATURE_BYTES;

/**
 * The proof that `identity` shows to the peer `audience`, an id: base64url of a version, the public key, the time in seconds,
 * a nonce, and an Ed25519 signature over these and the audience.
 *
 * @param now Milliseconds since 1970.
 */
export function makeProof(identity: Identity, audience: string, now = Date.now()): string {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(Math.max(0, Math.floor(now / 1000))));
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const signed = concat(Uint8Array.of(VERSION), identity.publicKey, time, nonce);
  const signature = identity.sign(message(signed, audience));
  return bytesToText(concat(signed, signature));
}

/**
 * Who made a proof for `audience`, our id in its canonical form, or why it does not count. Never throws.
 *
 * @param now Milliseconds since 1970.
 */
export function verifyProof(
  text: string,
  audience: string,
  now = Date.now(),
): { readonly id: string } | { readonly fault: ProofFault } {
  const bytes = textToBytes(text, PROOF_BYTES);
  if (bytes?.[0] !== VERSION) return { fault: "malformed" };
  const seconds = Number(new DataView(bytes.buffer).getBigUint64(TIME_AT));
  if (Math.abs(now - seconds * 1000) > PROOF_WINDOW_MS) return { fault: "wrong time" };
  const publicKey = bytes.subarray(1, TIME_AT);
  const right = verifyBytes(
    publicKey,
    message(bytes.subarray(0, SIGNED_BYTES), audience),
    bytes.subarray(SIGNED_BYTES),
  );
  return right ? { id: formatPeerId(publicKey) } : { fault: "wrong signature" };
}

function message(signed: Uint8Array, audience: string): Uint8Array {
  return concat(CONTEXT, parsePeerId(audience).publicKey, signed);
}
