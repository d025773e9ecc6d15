/**
 * Mutable items of BEP 44 without salt: where they lie, and who signed them.
 *
 * @see {@link https://www.bittorrent.org/beps/bep_0044.html}
 * @module
 */
import { createHash } from "node:crypto";
import { concat, equalBytes, utf8 } from "../bytes.ts";
import { type Identity, verifyBytes } from "../identity/mod.ts";
import type { RawItem, SignedItem } from "./types.ts";

/** Where the item of a public key lies in the DHT: 20 bytes. */
export function targetOf(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha1").update(publicKey).digest());
}

/** Signs the byte string `v` as the item of `identity`. */
export function signItem(identity: Identity, seq: number, v: Uint8Array): SignedItem {
  return { k: identity.publicKey, seq, sig: identity.sign(signable(seq, v)), v };
}

/** The item if `publicKey` signed it. */
export function verifyItem(item: RawItem | undefined, publicKey: Uint8Array): SignedItem | undefined {
  if (!item?.sig || !Number.isSafeInteger(item.seq) || item.seq < 0) return undefined;
  const { k = publicKey, seq, sig, v } = item;
  if (!equalBytes(k, publicKey) || !verifyBytes(k, signable(seq, v), sig)) return undefined;
  return { k, seq, sig, v };
}

/** The part of the bencoded message that is signed: the entries `seq` and `v`. */
function signable(seq: number, v: Uint8Array): Uint8Array {
  return concat(utf8(`3:seqi${seq}e1:v${v.length}:`), v);
}
