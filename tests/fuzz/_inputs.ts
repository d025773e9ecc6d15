/**
 * Inputs by chance: good messages with something changed in them, and rubbish.
 *
 * @module
 */
import { bytesToAddress, type Candidate, type Endpoint } from "../../lib/endpoint.ts";
import { type Filtering, type Mapping, type Nat, natOf, type Refusal } from "../../lib/nat.ts";
import * as fc from "./_fast_check.ts";

/** Numbers at which programs are wrong. */
const EDGES: readonly number[] = [0, 1, 2, 3, 4, 15, 16, 20, 31, 32, 63, 64, 127, 128, 254, 255];
const MAX_EDITS = 6;
/** A repetition is as long as any bound that we have for a packet. */
const MAX_REPEATED = 2_048;

/** One change: of which kind, where (of 65536 parts), with which byte, and how much. */
type Edit = readonly [kind: number, at: number, byte: number, length: number];

const edit: fc.Arbitrary<Edit> = fc.tuple(fc.nat(9), fc.nat(65_535), fc.nat(255), fc.nat(65_535));
const edits = fc.array(edit, { maxLength: MAX_EDITS, size: "max" });

/** Any bytes, mostly few. */
export function noise(maxLength = 64): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ maxLength, size: "max" });
}

/** Bytes of any length that follow from one number: much faster to make than {@linkcode noise}, and as strange to a parser. */
export function rubbish(maxLength: number, minLength = 0): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.tuple(fc.integer({ min: minLength, max: maxLength }), fc.integer()).map(([length, seed]) =>
    fromSeed(length, seed)
  );
}

/** As many bytes as are wanted; zeros for the seed 0. */
export function fromSeed(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    seed ^= seed << 13; // xorshift32
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    bytes[i] = seed;
  }
  return bytes;
}

/** One of `corpus` with up to six changes; now and then mere noise. */
export function mutated(corpus: readonly Uint8Array[], most = 4_096): fc.Arbitrary<Uint8Array> {
  const changed = fc.tuple(fc.nat(corpus.length - 1), fc.nat(corpus.length - 1), edits)
    .map(([one, other, list]) => list.reduce((bytes, e) => change(bytes, e, corpus[other]!), corpus[one]!))
    .map((bytes) => bytes.subarray(0, most));
  return fc.oneof({ arbitrary: changed, weight: 15 }, { arbitrary: noise(), weight: 1 });
}

/** The bytes after one change. */
function change(bytes: Uint8Array, [kind, where, byte, length]: Edit, other: Uint8Array): Uint8Array {
  const at = Math.floor(where * (bytes.length + 1) / 65_536);
  const few = length % 9;
  switch (kind) {
    case 0: // a byte becomes another
      return spliced(bytes, at, 1, Uint8Array.of(byte));
    case 1: // or one of those that are often mistaken
      return spliced(bytes, at, 1, Uint8Array.of(EDGES[byte % EDGES.length]!));
    case 2: // a bit
      return spliced(bytes, at, 1, Uint8Array.of((bytes[at] ?? 0) ^ 1 << byte % 8));
    case 3: // some are missing
      return spliced(bytes, at, few, new Uint8Array());
    case 4: // the rest is missing
      return bytes.subarray(0, at);
    case 5: // some come twice
      return spliced(bytes, at, 0, bytes.subarray(at, at + length % 64));
    case 6: // a number is huge, or off by one
      return spliced(bytes, at, 1 + few % 4, new Uint8Array(1 + few % 4).fill(byte < 128 ? 255 : 0));
    case 7: // something is put in
      return spliced(bytes, at, 0, new Uint8Array(few).fill(byte));
    case 8: // again and again
      return spliced(bytes, at, 0, new Uint8Array(length % MAX_REPEATED).fill(byte));
    default: // a part of another message
      return spliced(bytes, at, few, other.subarray(length % (other.length + 1)));
  }
}

function spliced(bytes: Uint8Array, at: number, gone: number, put: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.min(at, bytes.length) + put.length + Math.max(0, bytes.length - at - gone));
  out.set(bytes.subarray(0, at));
  out.set(put, at);
  out.set(bytes.subarray(at + gone), at + put.length);
  return out;
}

/** Words at which programs that read text are wrong. */
const WORDS: readonly string[] = [
  ...[
    "",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\u2028",
    "\ufeff",
    "\x1b[2J",
    "\x7f",
    "é",
    "ß",
    "İ",
    "😀",
    "\ud800",
  ],
  ...[
    "/",
    "//",
    "\\",
    "..",
    "../",
    "%",
    "%00",
    "%2e%2e%2f",
    "%ff",
    ":",
    "::",
    "=",
    "==",
    "-",
    "--",
    "+",
    "#",
    "?",
    "@",
  ],
  ...["0", "-0", "-1", "1e9", "0x10", "NaN", "Infinity", "65535", "65536", "4294967296", "9007199254740993"],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "length",
    "null",
    "true",
    "[]",
    "{}",
    '"',
    "'",
    "`",
    "[",
    "]",
    "{",
    "}",
  ],
];

/** One of `corpus` with up to six changes, by the words above, or by words of its own. */
export function mutatedText(
  corpus: readonly string[],
  words: readonly string[] = [],
  most = 4_096,
): fc.Arbitrary<string> {
  const all = [...WORDS, ...words];
  const changed = fc.tuple(fc.nat(corpus.length - 1), edits)
    .map(([one, list]) => list.reduce((text, e) => changeText(text, e, all), corpus[one]!).slice(0, most));
  const strange = fc.string({ unit: "binary", maxLength: 64, size: "max" });
  return fc.oneof({ arbitrary: changed, weight: 15 }, { arbitrary: strange, weight: 1 });
}

function changeText(text: string, [kind, where, byte, length]: Edit, words: readonly string[]): string {
  const at = Math.floor(where * (text.length + 1) / 65_536);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (kind) {
    case 0:
      return before + String.fromCharCode(byte) + after.slice(1);
    case 1:
      return before + String.fromCharCode(length) + after;
    case 2:
      return before + after.slice(length % 9);
    case 3:
      return before;
    case 4:
      return before + after.slice(0, length % 64) + after;
    case 5:
      return before + String.fromCharCode(byte).repeat(length % MAX_REPEATED) + after;
    case 6:
      return before + after.toUpperCase();
    default:
      return before + words[length % words.length] + after.slice(byte % 3);
  }
}

/** Addresses of every scope in their canonical form, and some that others write otherwise. */
export const address: fc.Arbitrary<string> = fc.oneof(
  rubbish(4, 4).map(bytesToAddress),
  rubbish(16, 16).map(bytesToAddress),
  fc.constantFrom("127.0.0.1", "::1", "0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "ff02::1", "fe80::1"),
  fc.constantFrom("203.0.113.9", "192.168.1.7", "100.64.0.1", "2001:db8::9", "fd00::1", "169.254.1.1"),
);

/** 1 to 65535. */
export const port: fc.Arbitrary<number> = fc.integer({ min: 1, max: 65_535 });

/** Whatever can be dialled, and what cannot. */
export const endpoint: fc.Arbitrary<Endpoint> = fc.record({ hostname: address, port });

/** Where a peer says it is. */
export const candidate: fc.Arbitrary<Candidate> = fc.record({
  kind: fc.constantFrom("host" as const, "reflexive" as const, "mapped" as const),
  hostname: address,
  port,
});

/** Every NAT that we can find out. */
export const nat: fc.Arbitrary<Nat> = fc.tuple(
  fc.constantFrom<Mapping>("open", "preserving", "independent", "sequential", "block", "random", "unknown"),
  fc.record({
    filtering: fc.constantFrom<Filtering>("independent", "address", "port", "unknown"),
    refusal: fc.constantFrom<Refusal>("silence", "reset", "icmp", "unknown"),
    webOnly: fc.boolean(),
  }),
  fc.tuple(port, fc.integer({ min: -64, max: 64 }).filter((step) => step !== 0), fc.nat(99_999)),
  fc.tuple(port, port, fc.boolean()),
).map(([mapping, more, [next, step, rate], [a, b, told]]) =>
  natOf(mapping, {
    ...more,
    ...(told && mapping === "sequential" && { sequence: { next, step, rate } }),
    ...(told && mapping === "block" && { block: { first: Math.min(a, b), last: Math.max(a, b) } }),
  })
);
