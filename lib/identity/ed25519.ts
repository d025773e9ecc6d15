/**
 * Ed25519 (RFC 8032) on raw 32-byte keys. Synchronous, because BEP 44's storage rules are applied inside
 * packet handlers; a signature or its check takes about 50 µs.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { concat } from "../bytes.ts";

/** DER before the 32 bytes of a seed in PKCS #8 (RFC 8410 section 7). */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");
/** DER before the 32 bytes of a key in SubjectPublicKeyInfo (RFC 8410 section 4). */
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");

/** PKCS #8 DER of a 32-byte seed. */
export function seedToPkcs8(seed: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(PKCS8_PREFIX, seed);
}

/** SubjectPublicKeyInfo DER of a 32-byte public key. */
export function publicKeyToSpki(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(SPKI_PREFIX, publicKey);
}

/** The private key of a 32-byte seed, ready for {@linkcode signBytes}. */
export function seedToKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: seedToPkcs8(seed) as unknown as string, format: "der", type: "pkcs8" });
}

/** The 32-byte public key of a private key. */
export function publicKeyOf(key: KeyObject): Uint8Array<ArrayBuffer> {
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  return new Uint8Array(der.subarray(SPKI_PREFIX.length));
}

/** A 64-byte signature. */
export function signBytes(key: KeyObject, message: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(sign(null, message, key));
}

/** Whether `signature` is one of `publicKey` over `message`; false for anything malformed, never throws. */
export function verifyBytes(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    const key = createPublicKey({
      key: publicKeyToSpki(publicKey) as unknown as string,
      format: "der",
      type: "spki",
    });
    return verify(null, message, key, signature);
  } catch {
    return false; // 32 bytes that are no point of the curve
  }
}
