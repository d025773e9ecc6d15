/**
 * A thousand connected peers on one serving process: what each costs it, and how long an echo takes while they talk.
 *
 * @module
 */
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { identityFile } from "../hostile/_identity_file.ts";
import { jsonLines } from "../json_lines.ts";
import { usage } from "./_process.ts";
import { spread, table } from "./_statistics.ts";
import type { Way } from "./_many_peers.ts";
import type { Address, Heap } from "./_many_server.ts";
import { makeSwitch, type SwitchHost } from "./_switch.ts";

const PEERS = 1000;
/** A serving peer takes 512 connections from one address. */
const MACHINES = 4;
const MESSAGES_A_SECOND = 1000;
const SECONDS = 10;
const RUNS = 3;

/** One process, and its lines. */
class Program implements AsyncDisposable {
  readonly pid: number;
  readonly lines: AsyncGenerator<unknown>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.pid = child.pid;
    this.lines = jsonLines(child.stdout);
    this.#input = child.stdin.getWriter();
    this.#input.closed.catch(() => {}); // it may have ended
  }

  /** Starts a script on a machine. */
  static async start(host: SwitchHost, script: string, args: readonly string[]): Promise<Program> {
    const path = new URL(script, import.meta.url).pathname;
    const deno = ["run", "-A", "--quiet", ...await runFlags(), path, ...args];
    const options = { cwd: ROOT, stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    return new Program(host.spawn(Deno.execPath(), deno, options));
  }

  async next<T>(): Promise<T> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error("Cannot measure: a process has ended");
    return value as T;
  }

  async ask<T>(line: string): Promise<T> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
    return await this.next();
  }

  async [Symbol.asyncDispose]() {
    await this.#input.close().catch(() => {});
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await this.#child.status;
  }
}

/** Memory of the serving process. */
interface Memory {
  /** Resident. */
  readonly bytes: number;
  /** The same without the heap of V8: what Deno itself holds, buffers among it. */
  readonly nativeBytes: number;
}

async function memory(server: Program): Promise<Memory> {
  const { heapBytes } = await server.ask<Heap>("heap");
  const { rssBytes } = await usage(server.pid);
  return { bytes: rssBytes, nativeBytes: rssBytes - heapBytes };
}

/** Of what has been added, each peer's part. */
function perPeer(before: Memory, after: Memory): Memory {
  const part = (key: keyof Memory) => (after[key] - before[key]) / PEERS;
  return { bytes: part("bytes"), nativeBytes: part("nativeBytes") };
}

interface Run {
  /** For each peer, once all are connected. */
  readonly atRest: Memory;
  /** The same after they have talked. */
  readonly after: Memory;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly openMs: number;
}

async function measure(way: Way): Promise<Run> {
  await using net = await makeSwitch(MACHINES + 1);
  const [serving, ...machines] = net.hosts as [SwitchHost, ...SwitchHost[]];
  await using key = await identityFile();
  await using server = await Program.start(serving, "_many_server.ts", [key.path]);
  const { port } = await server.next<Address>();
  const before = await memory(server);
  await using stack = new AsyncDisposableStack();
  const start = performance.now();
  const args = [key.path, `${serving.address}:${port}`, way, `${PEERS / MACHINES}`];
  const groups = await Promise.all(machines.map(async (machine) => {
    const group = stack.use(await Program.start(machine, "_many_peers.ts", args));
    await group.next();
    return group;
  }));
  const openMs = performance.now() - start;
  const atRest = await memory(server);
  const part = `${MESSAGES_A_SECOND * SECONDS / MACHINES} ${SECONDS * 1000}`;
  const times = (await Promise.all(groups.map((group) => group.ask<number[]>(part)))).flat();
  const after = await memory(server);
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]!;
  return {
    ...{ atRest: perPeer(before, atRest), after: perPeer(before, after) },
    ...{ medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1), openMs },
  };
}

const NAMES: Readonly<Record<Way, string>> = {
  connect: "`connect()`: one WebSocket each",
  dial: "`dial()`: a WebSocket, a control channel and a path in reserve each",
};

/** Runs it some times each way, and gives the table. */
export async function benchMany(): Promise<string> {
  const rows: string[][] = [];
  for (const way of ["connect", "dial"] as const) {
    const runs: Run[] = [];
    for (let i = 0; i < RUNS; i++) runs.push(await measure(way));
    const of = (value: (run: Run) => number, digits = 0) => spread(runs.map(value), digits);
    rows.push([
      NAMES[way],
      of((run) => run.atRest.bytes / 1000),
      of((run) => run.atRest.nativeBytes / 1000),
      of((run) => run.after.bytes / 1000),
      of((run) => run.after.nativeBytes / 1000),
      of((run) => run.medianMs, 1),
      of((run) => run.p99Ms, 1),
      of((run) => run.maxMs, 1),
      of((run) => run.openMs / 1000, 1),
    ]);
  }
  const heads = [
    "kB each, open",
    "of which native",
    "after talking",
    "of which native",
    "echo median, ms",
    "p99, ms",
    "longest, ms",
    "all open, s",
  ];
  return `${
    table([`${PEERS} peers`, ...heads], rows)
  }\n\n${PEERS} peers in ${MACHINES} processes at as many ` +
    `addresses on one serving process, ${MESSAGES_A_SECOND} messages a second for ${SECONDS} s. ` +
    `Median of ${RUNS} runs (least to most), ${navigator.hardwareConcurrency} processors.`;
}
