/**
 * One side of volleys, for measuring their odds. Reads a round a line, `opens COUNT ADDR PORT` or `guesses COUNT ADDR`, and
 * prints two lines of JSON: `{ port }`, from which it guesses, and, once a connection has opened or 1.5 s have passed,
 * `{ hit, ms, rss, files }`.
 *
 * @module
 */
import { lines } from "../../../cli/_lines.ts";
import { dialPorts, dialUnbound, guessPorts, openPort } from "../../../lib/punch/mod.ts";
import { natOf } from "../../../lib/nat.ts";

const ROUND_MS = 1500;

async function say(value: unknown): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
}

/** What the process holds. */
async function held(): Promise<{ rss: number; files: number }> {
  let files = 0;
  for await (const _ of Deno.readDir("/proc/self/fd")) files++;
  return { rss: Deno.memoryUsage().rss, files };
}

for await (const line of lines(Deno.stdin.readable)) {
  const [what, count, hostname, remotePort] = line.split(" ");
  const over = new AbortController();
  const opened = Promise.withResolvers<boolean>();
  const hit = (stream: { close(): void }) => {
    opened.resolve(true);
    stream.close();
  };
  const port = await openPort({ port: 0, onConnection: hit });
  await say({ port: port.port });
  const start = performance.now();
  const timer = setTimeout(() => opened.resolve(false), ROUND_MS);
  const { signal } = over;
  const n = Number(count);
  const doing = what === "opens"
    ? Array.from(
      { length: n },
      () => dialUnbound({ hostname: hostname!, port: Number(remotePort) }, { signal }).then(hit, () => {}),
    )
    : [dialPorts(port, hostname!, guessPorts(natOf("random"), n), { signal, onStream: hit })];
  const peak = await held();
  const isHit = await opened.promise;
  const ms = performance.now() - start;
  clearTimeout(timer);
  over.abort();
  await Promise.all(doing);
  await port.close();
  await say({ hit: isHit, ms, ...peak });
}
