import z32 from "z32";

/** Length of an id in characters: 32 bytes at 5 bits each. */
export const ID_LENGTH = 52;

/** The z-base-32 alphabet: no `0`, `l`, `v` or `2`, which are easily misread. */
const ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769";

/** The text form of a 32-byte Ed25519 public key: 52 characters of z-base-32, a valid DNS label. */
export function formatPeerId(publicKey: Uint8Array): string {
  if (publicKey.length !== 32) {
    throw new RangeError(
      `Cannot format an id: a public key has 32 bytes, current length is ${publicKey.length}`,
    );
  }
  return z32.encode(publicKey);
}

/**
 * Reads a peer's id and gives the Ed25519 public key that it stands for.
 *
 * White space around it, upper case, and the forms `skip://ID`, `pk:ID` and `ID.skip.alt` are accepted.
 *
 * @example Check what a user typed
 * ```ts
 * import { parsePeerId } from "@skip-public-ip/skip-public-ip";
 *
 * const { id, publicKey } = parsePeerId("YBNDRFG8EJKMCPQXOT1UWISZA345H769YBNDRFG8EJKMCPQXOT1Y");
 * console.log(id.length, publicKey.length); // 52 32
 * ```
 *
 * @param text 52 characters of z-base-32.
 * @returns The id in its one canonical form, and the 32 bytes.
 * @throws {SyntaxError} If it has another length, a character outside the alphabet, or stray bits at its end.
 */
export function parsePeerId(text: string): { id: string; publicKey: Uint8Array<ArrayBuffer> } {
  const id = text.trim().toLowerCase().replace(/^(skip:\/\/|pk:)/, "").replace(/(\.skip\.alt)?\/?$/, "");
  const wrong = [...id].find((c) => !ALPHABET.includes(c));
  if (wrong !== undefined) {
    throw new SyntaxError(
      `Cannot read the id: "${wrong}" at position ${
        [...id].indexOf(wrong) + 1
      } is not one of ${ALPHABET}: current value is "${shorten(text)}"`,
    );
  }
  if (id.length !== ID_LENGTH) {
    throw new SyntaxError(
      `Cannot read the id: it must have ${ID_LENGTH} characters, not ${id.length}: current value is "${
        shorten(text)
      }"`,
    );
  }
  const publicKey = new Uint8Array(z32.decode(id));
  if (publicKey.length !== 32 || z32.encode(publicKey) !== id) {
    throw new SyntaxError(
      `Cannot read the id: its last character is wrong: current value is "${shorten(text)}"`,
    );
  }
  return { id, publicKey };
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
