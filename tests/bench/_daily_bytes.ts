/**
 * Large bodies through `skip serve PORT` and `skip forward`: how fast they come, and whether memory stays what it is.
 *
 * @module
 */
import { writeAll } from "../../lib/io.ts";
import { bytes, sumOf } from "./_bare_server.ts";
import { startChain } from "./_chain.ts";
import { usage } from "./_process.ts";
import { slope } from "./_statistics.ts";

const DOWNLOAD_BYTES = 1e9;
const LONG_BYTES = 5e9;
/** Until then the runtime finds out how much memory it wants. */
const SETTLED_BYTES = 1e9;
const SAMPLE_MS = 200;
const READ_BYTES = 256 * 1024;

/** Bytes a second of each round, the server asked directly and through both commands. */
export interface DownloadFigures {
  readonly bare: readonly number[];
  readonly through: readonly number[];
}

/** One large download, in turns. */
export async function measureDownload(rounds: number): Promise<DownloadFigures> {
  await using chain = await startChain();
  const figures = { bare: [] as number[], through: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    for (const way of ["bare", "through"] as const) {
      const start = performance.now();
      const length = await lengthOf(download(chain[way].http, DOWNLOAD_BYTES));
      if (length !== DOWNLOAD_BYTES) throw new Error(`${length} of ${DOWNLOAD_BYTES} bytes arrived`);
      if (round > 0) figures[way].push(length / (performance.now() - start) * 1000); // the first one warms up
    }
  }
  return figures;
}

/** What one process's memory did while bytes passed. */
export interface MemoryFigures {
  readonly direction: "download" | "upload";
  readonly process: "serve" | "forward";
  /** Bytes of memory for each byte that passed: 0 is flat. */
  readonly slope: number;
  /** Resident bytes once the first gigabyte had passed, and at the most. */
  readonly settled: number;
  readonly most: number;
}

/** 5 GB each way, with what arrives compared with what was sent. Throws `Error` where they differ. */
export async function measureMemory(): Promise<MemoryFigures[]> {
  await using chain = await startChain();
  const wanted = JSON.stringify(await sumOf(bytes(LONG_BYTES)));
  const figures: MemoryFigures[] = [];
  for (const direction of ["download", "upload"] as const) {
    using watch = new MemoryWatch({ serve: chain.pids.serve, forward: chain.pids.http });
    const { http } = chain.through;
    const arrived = direction === "download"
      ? JSON.stringify(await sumOf(watch.count(download(http, LONG_BYTES))))
      : await upload(http, watch.count(bytes(LONG_BYTES)), LONG_BYTES);
    if (arrived !== wanted) throw new Error(`Not what was sent arrived: ${arrived}, and not ${wanted}`);
    for (const [process, values] of Object.entries(await watch.stop())) {
      figures.push({ direction, process: process as "serve" | "forward", ...values });
    }
  }
  return figures;
}

/** Samples the memory of processes while a stream passes. */
class MemoryWatch implements Disposable {
  readonly #pids: Readonly<Record<string, number>>;
  readonly #samples: { passed: number; rss: Record<string, number> }[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  #sampling: Promise<void> = Promise.resolve();
  #passed = 0;

  constructor(pids: Readonly<Record<string, number>>) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.#sampling = this.#sample(), SAMPLE_MS);
  }

  async *count(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      this.#passed += chunk.length;
      yield chunk;
    }
  }

  async #sample() {
    const passed = this.#passed;
    const rss: Record<string, number> = {};
    for (const [name, pid] of Object.entries(this.#pids)) rss[name] = (await usage(pid)).rssBytes;
    this.#samples.push({ passed, rss });
  }

  [Symbol.dispose]() {
    clearInterval(this.#timer);
  }

  async stop(): Promise<Record<string, { slope: number; settled: number; most: number }>> {
    this[Symbol.dispose]();
    await this.#sampling;
    const late = this.#samples.filter(({ passed }) => passed >= SETTLED_BYTES);
    const of = (name: string) => late.map(({ rss }) => rss[name]!);
    const figures = (name: string) => ({
      slope: slope(late.map(({ passed, rss }) => [passed, rss[name]!])),
      settled: of(name)[0]!,
      most: Math.max(...of(name)),
    });
    return Object.fromEntries(Object.keys(this.#pids).map((name) => [name, figures(name)]));
  }
}

async function lengthOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const chunk of stream) length += chunk.length;
  return length;
}

/** The body of an answer, read from a plain connection: faster than `fetch`, so that it is not what limits. */
async function* download(port: number, length: number): AsyncGenerator<Uint8Array> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeAll(conn, encode(`GET /${length} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n`));
  const buffer = new Uint8Array(READ_BYTES);
  let head = "";
  for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
    if (head.includes("\r\n\r\n")) {
      yield buffer.subarray(0, n);
      continue;
    }
    const before = head.length;
    head += new TextDecoder("latin1").decode(buffer.subarray(0, n));
    const end = head.indexOf("\r\n\r\n");
    if (end >= 0) yield buffer.subarray(end + 4 - before, n);
  }
}

/** Sends a body, and gives the answer's. */
async function upload(port: number, body: AsyncIterable<Uint8Array>, length: number): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = `POST / HTTP/1.1\r\nhost: h\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`;
  await writeAll(conn, encode(head));
  for await (const chunk of body) await writeAll(conn, chunk);
  const answer = await new Response(conn.readable).text();
  return JSON.stringify(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4)));
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
