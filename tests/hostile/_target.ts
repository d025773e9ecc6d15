/**
 * A serving peer that is attacked, in a process of its own, and the honest peer that wants to use it meanwhile.
 *
 * @module
 */
import { deadline } from "@std/async";
import { connect, type ConnectOptions } from "../../mod.ts";
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { residentBytes } from "../bench/_process.ts";
import { jsonLines } from "../json_lines.ts";
import { signalChild } from "../skip_process.ts";
import type { EchoOptions } from "./_echo_server.ts";

/** Far more than an honest peer needs, on a machine that is busy with the attack as well. */
export const PATIENCE_MS = 30_000;

/** One line of the serving process. */
interface Line {
  readonly id?: string;
  readonly port?: number;
  readonly asked?: string;
  readonly by?: string;
}

/** Options of {@linkcode startTarget}. */
export interface TargetOptions extends EchoOptions {
  /** How many descriptors the process may have. */
  readonly descriptors?: number;
}

/** A serving process under attack. */
export class Target implements AsyncDisposable {
  readonly id: string;
  readonly port: number;
  readonly #asked: string[] = [];
  #wake: () => void = () => {};
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  constructor(child: Deno.ChildProcess, { id, port }: Line, lines: AsyncIterable<Line>) {
    this.#child = child;
    this.id = id!;
    this.port = port!;
    this.#reading = this.#read(lines);
  }

  async #read(lines: AsyncIterable<Line>) {
    for await (const { asked } of lines) {
      if (asked !== undefined) this.#asked.push(asked);
      this.#wake();
    }
  }

  /** What reached the handler, once that are so many requests: their paths, in order. */
  async asked(count: number): Promise<readonly string[]> {
    while (this.#asked.length < count) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#asked;
  }

  /** For `connect` and `dial`. */
  get network(): Pick<ConnectOptions, "bootstrap" | "stun" | "portMapping"> {
    return { bootstrap: [`127.0.0.1:${this.port}`], stun: [], portMapping: false };
  }

  /** Resident memory of the process; 0 where the system does not tell. */
  async residentBytes(): Promise<number> {
    return await residentBytes(this.#child.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    signalChild(this.#child, "SIGTERM");
    const late = setTimeout(() => signalChild(this.#child, "SIGKILL"), PATIENCE_MS);
    await this.#child.status;
    clearTimeout(late);
    await this.#reading;
  }
}

/** Starts it, and resolves once it can be found. */
export async function startTarget({ descriptors, ...options }: TargetOptions = {}): Promise<Target> {
  const script = new URL("_echo_server.ts", import.meta.url).pathname;
  const deno = [
    Deno.execPath(),
    "run",
    "-A",
    "--quiet",
    ...await runFlags(),
    script,
    JSON.stringify(options),
  ];
  const command = descriptors === undefined
    ? deno
    : ["sh", "-c", `ulimit -n ${descriptors}; exec "$@"`, "sh", ...deno];
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = jsonLines<Line>(child.stdout);
  const { value, done } = await lines.next();
  if (done) throw new Error("the serving process ended before it could be found");
  return new Target(child, value, lines);
}

/** Connects as an honest peer, has something echoed, and leaves; gives how long the first two took, in milliseconds. */
export async function visit(target: Target, options: ConnectOptions = {}): Promise<number> {
  const start = performance.now();
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const socket = await connect(target.id, { ...target.network, signal, ...options });
  const echo = new Promise<unknown>((resolve) => socket.onmessage = ({ data }) => resolve(data));
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.send("hello");
  const heard = await deadline(echo, PATIENCE_MS);
  const took = performance.now() - start;
  socket.close();
  await deadline(closed, PATIENCE_MS);
  if (heard !== "hello") throw new Error(`the echo was ${heard}`);
  return took;
}
