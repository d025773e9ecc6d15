/** Bytes as text for headers and command lines: base64url without padding (RFC 4648 section 5). */
export function bytesToText(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** The bytes of such a text, if it stands for so many and is the one way to write them. Looks at no more than it must. */
export function textToBytes(text: string, length: number): Uint8Array<ArrayBuffer> | undefined {
  if (text.length !== Math.ceil(length * 8 / 6) || !/^[\w-]+$/.test(text)) return undefined;
  const padded = text.padEnd(Math.ceil(text.length / 4) * 4, "=");
  try {
    return Uint8Array.fromBase64(padded, { alphabet: "base64url", lastChunkHandling: "strict" });
  } catch {
    return undefined; // stray bits at its end
  }
}
