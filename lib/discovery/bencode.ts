/**
 * Bencode (BEP 3), with a strict and total reader for packets from the network.
 *
 * The `bencode` package trusts lengths: five bytes, `l-3:e`, keep its decoder busy for ever. So packets are
 * read here, and the package only writes.
 *
 * @module
 */
import bencode from "bencode";
import { Buffer } from "node:buffer";

/** A bencoded dictionary. Without a prototype, so that no key is special. */
export interface BencodeDict {
  [key: string]: BencodeValue;
}

/** What bencode can say. Strings are bytes, as views of the packet. */
export type BencodeValue = number | Buffer | BencodeValue[] | BencodeDict;

/** KRPC nests three deep, a BEP 44 value may add some. */
const MAX_DEPTH = 8;
/** `-9223372036854775808` has 20. */
const MAX_DIGITS = 20;

const ZERO = 0x30,
  NINE = 0x39,
  MINUS = 0x2d,
  COLON = 0x3a,
  DICT = 0x64,
  LIST = 0x6c,
  INTEGER = 0x69,
  END = 0x65;

/** Thrown inside, never past {@linkcode readBencode}. */
class Malformed extends Error {}

/**
 * Reads one value that fills `packet` exactly, or gives `null` for anything else.
 * Dictionaries may be unsorted, as some clients send them, but must not say a key twice.
 */
export function readBencode(packet: Buffer): BencodeValue | null {
  try {
    const reader = new Reader(packet);
    const value = reader.value(MAX_DEPTH);
    return reader.at === packet.length ? value : null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** Writes numbers, strings, bytes, lists and dictionaries; what is `undefined` in a dictionary is left out. */
export function writeBencode(value: unknown): Uint8Array {
  return bencode.encode(value);
}

/** Whether a value is a dictionary. */
export function isDict(value: BencodeValue | undefined): value is BencodeDict {
  return typeof value === "object" && !Array.isArray(value) && !Buffer.isBuffer(value);
}

/** Whether every number in a value is exactly the one that was written, so that it can be written again. */
export function isExact(value: BencodeValue): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  return Buffer.isBuffer(value) || Object.values(value).every(isExact);
}

class Reader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(depth: number): BencodeValue {
    if (depth === 0) throw new Malformed();
    switch (this.#bytes[this.at]) {
      case DICT:
        return this.#dict(depth);
      case LIST:
        return this.#list(depth);
      case INTEGER:
        return this.#integer();
      default:
        return this.#string();
    }
  }

  #dict(depth: number): BencodeDict {
    const dict: BencodeDict = Object.create(null);
    this.at++;
    while (!this.#take(END)) {
      const key = this.#string().toString("utf8");
      if (key in dict) throw new Malformed();
      dict[key] = this.value(depth - 1);
    }
    return dict;
  }

  #list(depth: number): BencodeValue[] {
    const list: BencodeValue[] = [];
    this.at++;
    while (!this.#take(END)) list.push(this.value(depth - 1));
    return list;
  }

  /** Not exact beyond 2^53; who needs an exact number checks `Number.isSafeInteger`. */
  #integer(): number {
    this.at++;
    const negative = this.#take(MINUS);
    const value = this.#digits();
    if (negative && value === 0 || !this.#take(END)) throw new Malformed();
    return negative ? -value : value;
  }

  #string(): Buffer {
    const length = this.#digits();
    if (!this.#take(COLON) || length > this.#bytes.length - this.at) throw new Malformed();
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  #digits(): number {
    const start = this.at;
    let value = 0;
    for (let c = this.#bytes[start]; c !== undefined && c >= ZERO && c <= NINE; c = this.#bytes[++this.at]) {
      value = value * 10 + (c - ZERO); // else it is wrong near 2^53
    }
    const count = this.at - start;
    if (count === 0 || count > MAX_DIGITS) throw new Malformed();
    if (count > 1 && this.#bytes[start] === ZERO) throw new Malformed();
    return value;
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.at] !== byte) return false;
    this.at++;
    return true;
  }
}
