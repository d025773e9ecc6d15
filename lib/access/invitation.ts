/**
 * Invitations as text: what a serving peer gives to somebody who may come in.
 *
 * @module
 */
import { concat, utf8 } from "../bytes.ts";
import { type Identity, verifyBytes } from "../identity/mod.ts";
import { bytesToText, textToBytes } from "./_text.ts";

/** Header that carries an invitation, beside a proof. */
export const TOKEN_HEADER = "skip-token";

/** So many peers a token for many lets in. */
export const MAX_USES = 1000;

/** What a token says. */
export interface InvitationTerms {
  /** 24 hexadecimal digits, drawn at random. */
  readonly key: string;
  /** Milliseconds since 1970, a whole second, by the clock of the peer that made it. */
  readonly expires: number;
  /** How many peers it lets in, 1 to 1000. */
  readonly uses: number;
}

/** No signature of this kind means anything in another place. */
const CONTEXT = utf8("skip-public-ip invitation 1\n");
/** A text that begins with it never looks like a flag of a command. */
const VERSION = 1;
const KEY_BYTES = 12;
const SIGNATURE_BYTES = 64;
const EXPIRES_AT = 1 + KEY_BYTES;
const USES_AT = EXPIRES_AT + 4;
const SIGNED_BYTES = USES_AT + 2;
/** 111 characters of text. */
const TOKEN_BYTES = SIGNED_BYTES + SIGNATURE_BYTES;

/** Terms for so many uses and so many milliseconds from `now`, with a random key. */
export function newTerms(uses: number, lifetimeMs: number, now = Date.now()): InvitationTerms {
  if (!Number.isInteger(uses) || uses < 1 || uses > MAX_USES) {
    throw new RangeError(`Cannot invite: uses must be 1 to ${MAX_USES}, current value is ${uses}`);
  }
  const expires = Math.ceil((now + lifetimeMs) / 1000) * 1000;
  if (!(lifetimeMs > 0) || expires / 1000 > 0xffff_ffff) {
    throw new RangeError(
      `Cannot invite: the lifetime must be a positive number of ms, current value is ${lifetimeMs}`,
    );
  }
  return { key: crypto.getRandomValues(new Uint8Array(KEY_BYTES)).toHex(), expires, uses };
}

/** The token for `terms`, signed by the peer that will serve. */
export function makeToken(identity: Identity, { key, expires, uses }: InvitationTerms): string {
  const numbers = new DataView(new ArrayBuffer(6));
  numbers.setUint32(0, expires / 1000);
  numbers.setUint16(4, uses);
  const signed = concat(Uint8Array.of(VERSION), Uint8Array.fromHex(key), new Uint8Array(numbers.buffer));
  return bytesToText(concat(signed, identity.sign(concat(CONTEXT, signed))));
}

/**
 * Reads a token of the serving peer with `publicKey`. Gives `undefined` for anything else; whether it is still good is known
 * to that peer alone. Never throws.
 */
export function readToken(text: string, publicKey: Uint8Array): InvitationTerms | undefined {
  const bytes = textToBytes(text, TOKEN_BYTES);
  if (bytes?.[0] !== VERSION) return undefined;
  const signed = bytes.subarray(0, SIGNED_BYTES);
  if (!verifyBytes(publicKey, concat(CONTEXT, signed), bytes.subarray(SIGNED_BYTES))) return undefined;
  const view = new DataView(bytes.buffer);
  return {
    key: bytes.subarray(1, EXPIRES_AT).toHex(),
    expires: view.getUint32(EXPIRES_AT) * 1000,
    uses: view.getUint16(USES_AT),
  };
}
