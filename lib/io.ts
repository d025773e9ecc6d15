import type { ByteStream } from "./byte_stream.ts";

/**
 * Reads so many bytes and not one more: what follows may belong to somebody else.
 * Rejects with `Deno.errors.UnexpectedEof` when the stream ends before. `length` must be bounded by the caller.
 */
export function readExactly(stream: ByteStream, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  if (length === 0) return Promise.resolve(bytes);
  // Not `async`: a serving peer holds thousands of paths in reserve, and what waits for the first byte is half as large so.
  return stream.read(bytes).then((n) => n === length ? bytes : fill(bytes, n, stream));
}

/** The rest of it, once `n` bytes have come. */
async function fill<T extends Uint8Array>(bytes: T, n: number | null, stream: ByteStream): Promise<T> {
  for (let at = 0;; n = await stream.read(bytes.subarray(at))) {
    if (n === null) throw new Deno.errors.UnexpectedEof("The connection ended in the middle of a message");
    at += n;
    if (at === bytes.length) return bytes;
  }
}

/** Writes all of `data`. */
export async function writeAll(stream: ByteStream, data: Uint8Array): Promise<void> {
  let taken = await stream.write(data);
  while (taken < data.length) taken += await stream.write(data.subarray(taken));
}

/** What is smaller costs the garbage collector little, and may be a piece of something that others use. */
const LEAST_FREED_BYTES = 32 * 1024;

/**
 * Fills `buffer` from as many chunks as fit, takes them away, and gives the number of bytes. Each is its caller's alone: its memory is
 * freed with it.
 */
export function takeFrom(chunks: Uint8Array[], buffer: Uint8Array): number {
  let taken = 0;
  while (chunks.length > 0 && taken < buffer.length) {
    const chunk = chunks[0]!;
    const part = chunk.subarray(0, buffer.length - taken);
    buffer.set(part, taken);
    taken += part.length;
    if (part.length < chunk.length) chunks[0] = chunk.subarray(part.length);
    else {
      chunks.shift();
      free(chunk.buffer);
    }
  }
  return taken;
}

/**
 * Frees the memory of what was received and nobody needs any more, unless it is small. Where thousands of large buffers come and
 * go, a third of the time goes into collecting them, and none that waits for it is in the processor's cache.
 */
export function free(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= LEAST_FREED_BYTES) buffer.transfer(0);
}
