/**
 * Sealed knocks: what a connecting peer tells, readable by the serving peer alone.
 *
 * A box is `ephemeral X25519 key (32) | AES-256-GCM ciphertext and tag`, its key and nonce from HKDF-SHA-256 of the
 * shared secret. The plaintext, numbers in network order:
 *
 * ```text
 * version 2 | time in ms 8 | sender's Ed25519 key 32
 * length 1 | text form of the NAT
 * count 1 | count × ( family 4 or 6, 1 byte | address 4 or 16 | port 2 )
 * count 1 | count × external port 2
 * signature 64, over "skip knock v2" | recipient's Ed25519 key | all of the above
 * ```
 *
 * @module
 */
import { createHash } from "node:crypto";
import { concat, utf8 } from "../bytes.ts";
import { addressToBytes, bytesToAddress, type Endpoint, isPort } from "../endpoint.ts";
import { type Identity, verifyBytes } from "../identity/mod.ts";
import { formatNat, MAX_NAT_TEXT, type Nat, parseNat } from "../nat.ts";
import { Recent } from "./_limits.ts";

/** Candidates in a knock. */
export const MAX_KNOCK_CANDIDATES = 8;
/** How far the sender's clock may be from ours. */
export const KNOCK_LIFETIME_MS = 10 * 60_000;

/** External ports in a knock, and in a record. */
export const MAX_PORTS = 16;

const VERSION = 2;
const CONTEXT = utf8("skip knock v2");
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const SIGNATURE_BYTES = 64;
/** Version, time and key. */
const HEAD_BYTES = 41;
/** The lengths of the three lists. */
const COUNTS_BYTES = 3;
const NONCE_BYTES = 12;
/** The shortest has no candidate, the longest eight of IPv6. */
const MIN_BOX_BYTES = KEY_BYTES + HEAD_BYTES + COUNTS_BYTES + SIGNATURE_BYTES + TAG_BYTES;
/** The longest box. */
export const MAX_BOX_BYTES = MIN_BOX_BYTES + MAX_NAT_TEXT + MAX_KNOCK_CANDIDATES * 19 + MAX_PORTS * 2;
/** Boxes that were opened, and others, are remembered apart: rubbish must not push out what guards against replay. */
const MAX_OPENED = 1024;
const MAX_REFUSED = 256;

/** An X25519 key pair; a serving peer makes a new one for each publication. */
export interface SealKeys {
  /** 32 bytes, for the record. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** Not extractable. */
  readonly privateKey: CryptoKey;
}

/** What a box holds. */
export interface SealedKnock {
  /** Who sealed it, proven by signature. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** At most 8. */
  readonly candidates: readonly Endpoint[];
  readonly nat: Nat;
  /** External ports from which the sender dials, where it knows them; at most 16. */
  readonly ports?: readonly number[];
}

/** For whom and by whom a knock is sealed. */
export interface SealOptions {
  readonly identity: Identity;
  /** The serving peer's Ed25519 key. */
  readonly recipient: Uint8Array;
  /** The X25519 key in its record. */
  readonly sealKey: Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A new key pair. */
export async function generateSealKeys(): Promise<SealKeys> {
  const pair = await crypto.subtle.generateKey("X25519", false, ["deriveBits"]) as CryptoKeyPair;
  const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
  return { publicKey: new Uint8Array(raw), privateKey: pair.privateKey };
}

/** Seals a knock. Rejects only if `sealKey` is no X25519 key. */
export async function sealKnock(
  knock: Omit<SealedKnock, "publicKey">,
  { identity, recipient, sealKey, now }: SealOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const ephemeral = await generateSealKeys();
  const body = packKnock(knock, identity.publicKey, now);
  const plaintext = concat(body, identity.sign(concat(CONTEXT, recipient, body)));
  const { key, iv } = await deriveKey(ephemeral.privateKey, sealKey, ephemeral.publicKey, sealKey);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plaintext);
  return concat(ephemeral.publicKey, new Uint8Array(sealed));
}

/** Opens boxes, each once. */
export class KnockOpener {
  readonly #recipient: Uint8Array;
  readonly #keys: SealKeys;
  readonly #now: () => number;
  readonly #opened: Recent;
  readonly #refused: Recent;

  /** @param now Milliseconds since 1970. */
  constructor(recipient: Uint8Array, keys: SealKeys, now: () => number) {
    this.#recipient = recipient;
    this.#keys = keys;
    this.#now = now;
    this.#opened = new Recent(MAX_OPENED, 3 * KNOCK_LIFETIME_MS, now);
    this.#refused = new Recent(MAX_REFUSED, 3 * KNOCK_LIFETIME_MS, now);
  }

  /** The knock; nothing if the box is not for us, not genuine, not fresh, or was here before. Never rejects. */
  async open(box: Uint8Array): Promise<SealedKnock | undefined> {
    if (box.length < MIN_BOX_BYTES || box.length > MAX_BOX_BYTES) return undefined;
    const digest = createHash("sha256").update(box).digest("hex");
    if (this.#opened.has(digest) || this.#refused.has(digest)) return undefined;
    this.#refused.add(digest); // at once: the same box comes from several nodes
    const knock = await this.#decrypt(box).then((p) => p && this.#read(p), () => undefined);
    if (!knock || this.#opened.has(digest)) return undefined;
    this.#opened.add(digest);
    return knock;
  }

  async #decrypt(box: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const ephemeral = box.slice(0, KEY_BYTES);
    const { key, iv } = await deriveKey(this.#keys.privateKey, ephemeral, ephemeral, this.#keys.publicKey);
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, box.slice(KEY_BYTES)),
    );
  }

  #read(plaintext: Uint8Array<ArrayBuffer>): SealedKnock | undefined {
    const body = plaintext.subarray(0, -SIGNATURE_BYTES);
    const knock = unpackKnock(body);
    if (!knock || Math.abs(this.#now() - knock.time) > KNOCK_LIFETIME_MS) return undefined;
    const { publicKey, candidates, nat, ports } = knock;
    const signed = concat(CONTEXT, this.#recipient, body);
    if (!verifyBytes(publicKey, signed, plaintext.subarray(-SIGNATURE_BYTES))) return undefined;
    return { publicKey, candidates, nat, ...(ports && { ports }) };
  }
}

/** Bound to both public keys, so that no other pair gives the same; each key is used once, so the nonce is safe. */
async function deriveKey(
  privateKey: CryptoKey,
  peer: Uint8Array,
  ephemeral: Uint8Array,
  sealKey: Uint8Array,
): Promise<{ key: CryptoKey; iv: Uint8Array<ArrayBuffer> }> {
  const { subtle } = crypto;
  const publicKey = await subtle.importKey("raw", Uint8Array.from(peer), "X25519", false, []);
  const shared = await subtle.deriveBits({ name: "X25519", public: publicKey }, privateKey, 256);
  const secret = await subtle.importKey("raw", shared, "HKDF", false, ["deriveBits"]);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: concat(ephemeral, sealKey), info: CONTEXT };
  const bits = new Uint8Array(await subtle.deriveBits(hkdf, secret, (KEY_BYTES + NONCE_BYTES) * 8));
  const raw = bits.slice(0, KEY_BYTES);
  const key = await subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  return { key, iv: bits.slice(KEY_BYTES) };
}

/** The plaintext of a box without its signature. */
export function packKnock(
  { candidates, nat, ports = [] }: Omit<SealedKnock, "publicKey">,
  publicKey: Uint8Array,
  now: number,
): Uint8Array<ArrayBuffer> {
  const head = new DataView(new ArrayBuffer(9));
  head.setUint8(0, VERSION);
  head.setBigUint64(1, BigInt(Math.floor(now)));
  const text = utf8(formatNat(nat));
  const endpoints = candidates.flatMap(packEndpoint).slice(0, MAX_KNOCK_CANDIDATES);
  const known = ports.filter(isPort).slice(0, MAX_PORTS);
  return concat(
    new Uint8Array(head.buffer),
    publicKey,
    Uint8Array.of(text.length),
    text,
    Uint8Array.of(endpoints.length),
    ...endpoints,
    Uint8Array.of(known.length, ...known.flatMap((port) => [port >> 8, port & 255])),
  );
}

function packEndpoint({ hostname, port }: Endpoint): Uint8Array[] {
  const address = addressToBytes(hostname);
  if (!address || !isPort(port)) return [];
  return [concat(Uint8Array.of(address.length === 4 ? 4 : 6), address, Uint8Array.of(port >> 8, port & 255))];
}

/** Reads what {@linkcode packKnock} wrote; nothing for anything else. Whoever sealed it may have written anything. Never throws. */
export function unpackKnock(body: Uint8Array): SealedKnock & { time: number } | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const text = body.subarray(HEAD_BYTES + 1, HEAD_BYTES + 1 + body[HEAD_BYTES]!);
  const nat = parseNat(new TextDecoder().decode(text));
  const lists = unpackLists(body.subarray(HEAD_BYTES + 1 + text.length));
  if (body[0] !== VERSION || !nat || !lists) return undefined;
  const { candidates, ports } = lists;
  const publicKey = body.slice(9, HEAD_BYTES) as Uint8Array<ArrayBuffer>;
  return {
    time: Number(view.getBigUint64(1)),
    publicKey,
    nat,
    candidates,
    ...(ports.length > 0 && { ports }),
  };
}

/** Candidates and ports, and nothing behind them. */
function unpackLists(bytes: Uint8Array): { candidates: Endpoint[]; ports: number[] } | undefined {
  const candidates: Endpoint[] = [];
  let at = 1;
  const listed = bytes[0] ?? Infinity;
  while (candidates.length < listed) {
    const length = bytes[at] === 4 ? 4 : bytes[at] === 6 ? 16 : 0;
    const end = at + 1 + length + 2;
    if (length === 0 || end > bytes.length || listed > MAX_KNOCK_CANDIDATES) return undefined;
    const port = portAt(bytes, end - 2);
    if (!isPort(port)) return undefined;
    candidates.push({ hostname: bytesToAddress(bytes.subarray(at + 1, at + 1 + length)), port });
    at = end;
  }
  const count = bytes[at] ?? Infinity;
  if (count > MAX_PORTS || bytes.length !== at + 1 + count * 2) return undefined;
  const ports = Array.from({ length: count }, (_, i) => portAt(bytes, at + 1 + i * 2));
  return ports.every(isPort) ? { candidates, ports } : undefined;
}

function portAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}
