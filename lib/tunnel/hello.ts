import type { Credentials } from "../access/mod.ts";
import { utf8 } from "../bytes.ts";
import { PeerError } from "../errors.ts";
import { type ByteStream, writeAll } from "../punch/mod.ts";
import { denied } from "./_failure.ts";
import { HELLO_PATH } from "./_reserved.ts";
import { closeQuietly } from "./splice.ts";

/** A head that our own server writes has some 100 bytes. */
const MAX_HEAD_BYTES = 4096;
/** A round trip, and a look at a file: much longer than either takes. */
const ANSWER_MS = 10_000;

/** Options of {@linkcode sayHello}. */
export interface HelloOptions {
  /** Name of the peer in HTTP. */
  readonly hostname: string;
  /** What we show to it; without any we find out whether it lets in whoever comes. */
  readonly credentials?: Credentials;
  /** Gives up: the stream is closed, and the reason is what `sayHello` rejects with. */
  readonly signal?: AbortSignal;
  /** How long the answer may take. @default {10_000} */
  readonly timeoutMs?: number;
}

/**
 * Says who we are on a TLS connection to a peer, which then takes everything on it as ours: so it can carry the HTTP/1.1 of a
 * program that knows nothing of ids. Reads the answer and not a byte more.
 *
 * @throws {PeerError} `denied` if the peer does not let us in, `tunnel-failed` if it does not answer like one, or in time.
 */
export async function sayHello(stream: ByteStream, options: HelloOptions): Promise<void> {
  const { hostname, credentials, signal, timeoutMs = ANSWER_MS } = options;
  signal?.throwIfAborted();
  let isLate = false;
  const close = () => closeQuietly(stream);
  const late = setTimeout(() => {
    isLate = true;
    close();
  }, timeoutMs);
  signal?.addEventListener("abort", close);
  try {
    const headers = [["host", hostname], ...credentials?.headers() ?? []];
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    await writeAll(stream, utf8(`GET ${HELLO_PATH} HTTP/1.1\r\n${lines}\r\n`));
    judge(await readHead(stream));
  } catch (error) {
    signal?.throwIfAborted();
    if (isLate) throw failed("it does not answer");
    throw error instanceof PeerError ? error : failed((error as Error).message);
  } finally {
    clearTimeout(late);
    signal?.removeEventListener("abort", close);
  }
}

/** The peer sends nothing unasked, so what comes is the head and ends with it. */
async function readHead(stream: ByteStream): Promise<string> {
  const buffer = new Uint8Array(MAX_HEAD_BYTES);
  const decoder = new TextDecoder("latin1");
  for (let length = 0; length < buffer.length;) {
    const n = await stream.read(buffer.subarray(length));
    if (n === null) throw failed("it closed the connection");
    length += n;
    const head = decoder.decode(buffer.subarray(0, length));
    if (head.endsWith("\r\n\r\n")) return head;
  }
  throw failed("its answer is far too long");
}

function judge(head: string) {
  const status = head.match(/^HTTP\/1\.1 (\d{3}) /)?.[1];
  if (status === "204") return;
  if (status === "403") throw denied(head.match(/^date: ?(.+)\r$/im)?.[1] ?? null);
  throw failed(status ? `it answered with status ${status}` : "it does not speak HTTP/1.1");
}

function failed(why: string): PeerError {
  return new PeerError("tunnel-failed", `Cannot say hello to the peer: ${why}`);
}
