import type { ByteStream } from "../../lib/byte_stream.ts";
import { concat } from "../../lib/bytes.ts";
import type { Endpoint } from "../../lib/endpoint.ts";
import { type Arbitrary, array, nat, tuple } from "./_fast_check.ts";

/** Whoever has been told that nothing more comes asks no more than this. */
const MAX_READS_AFTER_END = 2;

/** The reading end of a connection whose other side has said all that it will ever say. */
export class SpokenStream implements ByteStream {
  readonly localAddr: Endpoint = { hostname: "127.0.0.1", port: 7000 };
  readonly remoteAddr: Endpoint;
  isClosed = false;
  /** Bytes that were read. */
  taken = 0;
  readonly #pieces: Uint8Array[];
  readonly #written: Uint8Array[] = [];
  readonly #onWrite: ((data: Uint8Array) => Uint8Array[]) | undefined;
  #readsAfterEnd = 0;

  /** @param onWrite What the other side says in answer, in pieces. */
  constructor(
    pieces: readonly Uint8Array[],
    remote: Endpoint = { hostname: "203.0.113.9", port: 50712 },
    onWrite?: (data: Uint8Array) => Uint8Array[],
  ) {
    this.#pieces = pieces.filter((piece) => piece.length > 0);
    this.remoteAddr = remote;
    this.#onWrite = onWrite;
  }

  /** All that was written. */
  get written(): Uint8Array<ArrayBuffer> {
    return concat(...this.#written);
  }

  // deno-lint-ignore require-await -- what it throws is a rejection
  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.isClosed) throw new Deno.errors.BadResource("The stream was closed");
    const [first] = this.#pieces;
    if (!first) {
      if (++this.#readsAfterEnd > MAX_READS_AFTER_END) throw new Error("It reads on and on after the end");
      return null;
    }
    const part = first.subarray(0, buffer.length);
    buffer.set(part);
    if (part.length === first.length) this.#pieces.shift();
    else this.#pieces[0] = first.subarray(part.length);
    this.taken += part.length;
    return part.length;
  }

  // deno-lint-ignore require-await -- what it throws is a rejection
  async write(data: Uint8Array): Promise<number> {
    if (this.isClosed) throw new Deno.errors.BadResource("The stream was closed");
    this.#written.push(Uint8Array.from(data));
    if (this.#onWrite) this.#pieces.push(...this.#onWrite(data).filter((piece) => piece.length > 0));
    return data.length;
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.isClosed = true;
  }

  reset(): void {
    this.close();
  }
}

/** The same bytes, cut into pieces at some places. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

/** Bytes as they come over a connection: in pieces. */
export function inPieces(bytes: Arbitrary<Uint8Array>): Arbitrary<Uint8Array[]> {
  return tuple(bytes, array(nat(65_535), { maxLength: 4 })).map(([whole, places]) => cut(whole, places));
}
