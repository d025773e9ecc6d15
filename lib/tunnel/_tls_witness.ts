import type { ByteStream } from "../punch/mod.ts";

const RECORD_HEADER_BYTES = 5;
const APPLICATION_DATA = 23;
/** An encrypted alert: two bytes, their content type, and the tag of either cipher (RFC 8446 sections 5.2 and 6). */
const ALERT_RECORD_BYTES = 2 + 1 + 16;

/**
 * Watches the beginning of what a TLS 1.3 client sends: a client that refuses the certificate sends an alert as its
 * first encrypted record, one that accepts it sends Finished, which is longer (RFC 8446 section 4.4.4).
 *
 * A native `WebSocket` does not tell why it could not open. This does, without the keys.
 */
export class TlsWitness {
  /** `true` once the client has refused the server's certificate, `false` once it has accepted it. */
  refused: boolean | undefined;
  /** Resolves when {@linkcode TlsWitness.refused} is known, or will never be because the client has ended. */
  readonly verdict: Promise<void>;
  /** Nothing more will come. */
  readonly end: () => void;
  readonly #header = new Uint8Array(RECORD_HEADER_BYTES);
  #headerBytes = 0;
  #bodyLeft = 0;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.verdict = promise;
    this.end = resolve;
  }

  /** `stream`, with an eye on what is read from it. */
  watch(stream: ByteStream): ByteStream {
    const readAndSee = async (buffer: Uint8Array) => {
      let length: number | null = null;
      try {
        return length = await stream.read(buffer);
      } finally {
        if (length === null) this.end();
        else this.see(buffer.subarray(0, length));
      }
    };
    return {
      localAddr: stream.localAddr,
      remoteAddr: stream.remoteAddr,
      read: (buffer) => this.refused === undefined ? readAndSee(buffer) : stream.read(buffer),
      write: (data) => stream.write(data),
      closeWrite: () => stream.closeWrite(),
      close: () => stream.close(),
    };
  }

  /** Takes note of the next bytes. */
  see(data: Uint8Array): void {
    for (let at = 0; at < data.length && this.refused === undefined;) {
      const skipped = Math.min(this.#bodyLeft, data.length - at);
      this.#bodyLeft -= skipped;
      at += skipped;
      if (at < data.length) this.#seeHeaderByte(data[at++]!);
    }
  }

  #seeHeaderByte(byte: number) {
    this.#header[this.#headerBytes++] = byte;
    if (this.#headerBytes < RECORD_HEADER_BYTES) return;
    this.#headerBytes = 0;
    this.#bodyLeft = this.#header[3]! << 8 | this.#header[4]!;
    if (this.#header[0] !== APPLICATION_DATA) return;
    this.refused = this.#bodyLeft === ALERT_RECORD_BYTES;
    this.end();
  }
}
