import { writeAll } from "../lib/io.ts";
import type { ByteStream } from "../lib/byte_stream.ts";

const BUFFER_BYTES = 256 * 1024;

/** The part of `Deno.stdin` and `Deno.stdout` that is needed. */
export interface Ends {
  readonly stdin: { read(buffer: Uint8Array): Promise<number | null>; isTerminal(): boolean };
  readonly stdout: { write(data: Uint8Array): Promise<number>; close(): void };
}

/** What went through so far. */
export interface Traffic {
  sent: number;
  received: number;
}

/**
 * Joins stdin and stdout to a stream, until both directions have ended. stdout is closed at the peer's end, so that a program
 * behind it sees that. A person who types need not say that he is done when the peer is.
 *
 * Rejects with whatever breaks either direction; the stream is then closed, which the peer sees.
 */
export async function pipe(stream: ByteStream, { stdin, stdout }: Ends, traffic: Traffic): Promise<void> {
  const over = Promise.withResolvers<null>();
  const up = async () => {
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (;;) {
      const read = stdin.read(buffer);
      const length = await (stdin.isTerminal() ? Promise.race([read, over.promise]) : read);
      if (length === null) return await stream.closeWrite();
      for (let at = 0; at < length;) {
        const taken = await stream.write(buffer.subarray(at, length));
        at += taken;
        traffic.sent += taken;
      }
    }
  };
  const down = async () => {
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (let n = await stream.read(buffer); n !== null; n = await stream.read(buffer)) {
      await writeAll({ write: (data) => stdout.write(data) } as ByteStream, buffer.subarray(0, n));
      traffic.received += n;
    }
    stdout.close();
    over.resolve(null);
  };
  try {
    await Promise.all([up(), down()]);
  } catch (error) {
    stream.close();
    throw error;
  }
}
