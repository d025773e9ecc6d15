/**
 * What stands behind `skip serve` in the benchmarks, and is asked directly for comparison: `Deno.serve`, in a process of its
 * own. Prints its ports as one JSON object.
 *
 * `GET /` answers with a line; `GET /N` with N bytes; `POST /` with how many bytes came, and their SHA-256.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { writeAll } from "../../lib/io.ts";

/** Where it listens. */
export interface BarePorts {
  /** HTTP. */
  readonly http: number;
  /** A TCP service that gives back whatever comes. */
  readonly echo: number;
}

const BLOCK_BYTES = 64 * 1024;
const SEED = 0x9e3779b9;

/** The same bytes in each process: a block without a period that would fit a buffer. */
export function block(): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(BLOCK_BYTES / 4);
  for (let i = 0, x = SEED; i < words.length; i++) {
    // xorshift32
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  return new Uint8Array(words.buffer);
}

/** So many bytes, block after block, no faster than they are taken. */
export function bytes(count: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const one = block();
  let left = count;
  return new ReadableStream({
    pull(controller) {
      if (left > 0) controller.enqueue(left >= one.length ? one : one.slice(0, left));
      left -= one.length;
      if (left <= 0) controller.close();
    },
  }, { highWaterMark: 0 });
}

/** How many bytes a stream has, and their SHA-256. */
export async function sumOf(stream: AsyncIterable<Uint8Array>): Promise<{ length: number; sha256: string }> {
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    length += chunk.length;
  }
  return { length, sha256: hash.digest("hex") };
}

async function answer(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  if (request.method === "POST") return Response.json(await sumOf(request.body ?? bytes(0)));
  if (path === "/") return new Response("Hello, whoever you are.\n");
  return new Response(bytes(Number(path.slice(1))), { headers: { "content-length": path.slice(1) } });
}

async function echo(listener: Deno.TcpListener) {
  for await (const conn of listener) {
    conn.setNoDelay();
    void echoOne(conn).catch(() => {}).finally(() => conn.close());
  }
}

async function echoOne(conn: Deno.TcpConn) {
  const buffer = new Uint8Array(BLOCK_BYTES);
  for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
    await writeAll(conn, buffer.subarray(0, n));
  }
  await conn.closeWrite();
}

if (import.meta.main) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  const ports: BarePorts = { http: server.addr.port, echo: listener.addr.port };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(ports)}\n`));
  await echo(listener);
}
