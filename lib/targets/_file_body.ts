import { concat } from "../bytes.ts";
import type { ByteRange } from "./_range.ts";

/** Where larger reads stopped being faster. */
const CHUNK_BYTES = 256 * 1024;

/** A piece of an answer: bytes of the file, or bytes that go between them. */
export type Piece = ByteRange | Uint8Array;

/** How many bytes the pieces have. */
export function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + pieceLength(piece), 0);
}

function pieceLength(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.last - piece.first + 1;
}

/** Reads pieces and closes the file. They must not be many bytes. */
export async function wholeBody(
  file: Deno.FsFile,
  pieces: readonly Piece[],
): Promise<Uint8Array<ArrayBuffer>> {
  return concat(...await Array.fromAsync(read(file, pieces)));
}

/** Reads pieces one after the other, no faster than they are taken, and closes the file at the end, however that comes. */
export function fileBody(
  file: Deno.FsFile,
  pieces: readonly Piece[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = read(file, pieces);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return();
      closeFile(file); // one that has not begun has not come to its end either
    },
  }, { highWaterMark: 0 });
}

async function* read(
  file: Deno.FsFile,
  pieces: readonly Piece[],
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  try {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) yield piece.slice();
      else yield* readRange(file, piece);
    }
  } finally {
    closeFile(file);
  }
}

async function* readRange(
  file: Deno.FsFile,
  { first, last }: ByteRange,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  await file.seek(first, Deno.SeekMode.Start);
  for (let left = last - first + 1; left > 0;) {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, left));
    const length = await file.read(buffer);
    if (length === null) throw new Deno.errors.UnexpectedEof("The file became shorter while it was read");
    yield buffer.subarray(0, length);
    left -= length;
  }
}

function closeFile(file: Deno.FsFile) {
  try {
    file.close();
  } catch {
    // closed already
  }
}
