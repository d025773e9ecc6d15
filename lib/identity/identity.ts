import type { KeyObject } from "node:crypto";
import { publicKeyOf, seedToKey, signBytes } from "./ed25519.ts";
import { formatPeerId } from "./id.ts";

/**
 * Who a peer is: an Ed25519 key pair. Whoever holds it answers under its {@linkcode Identity.id}.
 *
 * The private part never shows in logs, JSON or `console.log`; {@linkcode saveIdentity} is the way to keep it.
 *
 * @example The same identity again, from its seed
 * ```ts
 * import { generateIdentity, Identity } from "@skip-public-ip/skip-public-ip";
 *
 * const identity = generateIdentity();
 * console.log(new Identity(identity.exportSeed()).id === identity.id); // true
 * ```
 */
export class Identity {
  /** 52 characters of z-base-32: the public key, and the peer's address. */
  readonly id: string;
  /** The 32 bytes that `id` stands for. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly #seed: Uint8Array;
  readonly #key: KeyObject;

  /** Makes the identity of a 32-byte Ed25519 seed (RFC 8032 section 5.1.5). */
  constructor(seed: Uint8Array) {
    if (seed.length !== 32) {
      throw new RangeError(`Cannot make an identity: a seed has 32 bytes, current length is ${seed.length}`);
    }
    this.#seed = seed.slice();
    this.#key = seedToKey(seed);
    this.publicKey = publicKeyOf(this.#key);
    this.id = formatPeerId(this.publicKey);
  }

  /** The 64-byte Ed25519 signature of this identity over `message`. */
  sign(message: Uint8Array): Uint8Array<ArrayBuffer> {
    return signBytes(this.#key, message);
  }

  /** A copy of the secret: the 32-byte seed from which the same identity can be made again. */
  exportSeed(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#seed);
  }
}

/**
 * Makes a new identity from fresh randomness.
 *
 * @example A new id
 * ```ts
 * import { generateIdentity } from "@skip-public-ip/skip-public-ip";
 *
 * console.log(generateIdentity().id.length); // 52
 * ```
 */
export function generateIdentity(): Identity {
  return new Identity(crypto.getRandomValues(new Uint8Array(32)));
}
