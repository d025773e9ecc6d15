/**
 * Many short connections through `skip forward` to a TCP service.
 *
 * @module
 */
import { delay } from "@std/async";
import { writeAll } from "../../lib/io.ts";
import { readAll } from "../_streams.ts";
import { startChain } from "./_chain.ts";
import { usage } from "./_process.ts";

const CONNECTIONS = 10_000;
const AT_ONCE = 50;
const LOOKS = 10;
const LOOK_MS = 200;

/** What came of them. */
export interface ConnectionFigures {
  readonly connections: number;
  /** What became of those that were not answered rightly. */
  readonly failures: readonly string[];
  readonly seconds: number;
  /** Descriptors that the two processes had more at the end than after the first connections. */
  readonly descriptorsLeft: number;
  /** Bytes of memory that each of the last half of the connections left behind, in both processes together. */
  readonly bytesLeft: number;
}

/** Each says something of its own, ends, and must get that back and an end. */
export async function measureConnections(): Promise<ConnectionFigures> {
  await using chain = await startChain();
  const pids = [chain.pids.serve, chain.pids.echo];
  const failures = await ask(chain.through.echo, 0, AT_ONCE);
  await delay(LOOKS * LOOK_MS); // what is kept for the next connection is open by then
  const before = await descriptors(pids);
  const start = performance.now();
  failures.push(...await ask(chain.through.echo, 0, CONNECTIONS / 2));
  const half = await memory(pids);
  failures.push(...await ask(chain.through.echo, CONNECTIONS / 2, CONNECTIONS));
  return {
    connections: CONNECTIONS,
    failures,
    seconds: (performance.now() - start) / 1000,
    descriptorsLeft: await descriptors(pids) - before,
    bytesLeft: (await memory(pids) - half) / (CONNECTIONS / 2),
  };
}

async function ask(port: number, from: number, to: number): Promise<string[]> {
  const failures: string[] = [];
  let next = from;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < to) {
      const text = `number ${next++}`;
      await askOne(port, text).catch((error) => failures.push(`${text}: ${error.message}`));
    }
  }));
  return failures;
}

async function askOne(port: number, text: string) {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeAll(conn, new TextEncoder().encode(text));
  await conn.closeWrite();
  const answer = new TextDecoder().decode(await readAll(conn));
  if (answer !== text) throw new Error(`the answer is "${answer}"`);
}

/** The least of some looks: what is being closed is not left. */
async function descriptors(pids: readonly number[]): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < LOOKS; look++) {
    const each = pids.map((pid) => [...Deno.readDirSync(`/proc/${pid}/fd`)].length);
    least = Math.min(least, each.reduce((a, b) => a + b));
    await delay(LOOK_MS);
  }
  return least;
}

async function memory(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map(async (pid) => (await usage(pid)).rssBytes));
  return each.reduce((a, b) => a + b);
}
