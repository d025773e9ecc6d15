/**
 * The command as a person or a shell script meets it: text in, text out, an exit code.
 *
 * @module
 */
import { Keyboard } from "../keyboard.ts";
import { program } from "../program.ts";
import { apart, signalChild, type SkipEvent } from "../skip_process.ts";
import { documented } from "./_documented.ts";

/** Ends a command that hangs, so that its test fails instead. No test takes as long on a busy machine. */
const PATIENCE_MS = 240_000;

/** Options of {@linkcode Skip.start}. */
export interface SkipOptions {
  /** Configuration and cache folders. @default a folder of its own, removed at the end */
  readonly home?: string;
  /** Flags of `deno run`, which an executable cannot take. @default the permission set of the command */
  readonly permissions?: readonly string[];
  /** Through `deno task skip`, as from a checkout. */
  readonly task?: boolean;
}

/** How a command ended. */
export interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command has printed so far. */
export class Transcript {
  text = "";
  readonly #wanted = new Set<() => void>();
  readonly #reader: ReadableStreamDefaultReader<string>;
  /** Resolves when nothing more can come. */
  readonly over: Promise<void>;
  #isOver = false;

  readonly #aside: Transcript | undefined;

  /** @param aside What else was printed, to be shown where something was not. */
  constructor(bytes: ReadableStream<Uint8Array>, aside?: Transcript) {
    this.#aside = aside;
    this.#reader = bytes.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
      .getReader();
    this.over = this.#collect();
  }

  async #collect() {
    for (;;) {
      const { done, value = "" } = await this.#reader.read();
      this.text += value;
      this.#isOver = done;
      for (const look of this.#wanted) look();
      if (done) return;
    }
  }

  /** The first match, as soon as it is there. Rejects with all that was printed if it never comes. */
  async until(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this.text.match(pattern);
      if (match) return match;
      if (this.#isOver) {
        const aside = this.#aside ? `\nand aside: ${this.#aside.text}` : "";
        throw new Error(`${pattern} was never printed, but: ${this.text}${aside}`);
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wanted.add(resolve);
      await promise;
      this.#wanted.delete(resolve);
    }
  }

  /** Stops reading, as `head -1` does. */
  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** `skip ARGS`, running. */
export class Skip implements AsyncDisposable {
  readonly stdout: Transcript;
  readonly stderr: Transcript;
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<Ending>;
  readonly #child: Deno.ChildProcess;
  readonly #keyboard: Keyboard;
  /** Until the process has ended. */
  running = true;

  private constructor(child: Deno.ChildProcess, cleanUp: () => Promise<void>) {
    this.#child = child;
    this.pid = child.pid;
    this.#keyboard = new Keyboard(child);
    this.stderr = new Transcript(child.stderr);
    this.stdout = new Transcript(child.stdout, this.stderr);
    this.ended = this.#end(cleanUp);
  }

  /** Starts `skip ARGS` with its permission set and nothing of this user's own files. */
  static async start(args: readonly string[], options: SkipOptions = {}): Promise<Skip> {
    const home = options.home ?? await Deno.makeTempDir({ prefix: "skip-home-" });
    const { command, args: all, env } = options.task
      ? { command: Deno.execPath(), args: ["task", "--quiet", "skip", ...args], env: {} }
      : await program(args, { permissions: options.permissions });
    const child = new Deno.Command(command, { ...await apart(home, env), args: [...all] }).spawn();
    const cleanUp = () => options.home ? Promise.resolve() : Deno.remove(home, { recursive: true });
    return new Skip(child, cleanUp);
  }

  async #end(cleanUp: () => Promise<void>): Promise<Ending> {
    const timer = setTimeout(() => signalChild(this.#child, "SIGKILL"), PATIENCE_MS);
    const { code } = await this.#child.status;
    this.running = false;
    clearTimeout(timer);
    await Promise.all([this.stdout.over, this.stderr.over]);
    await this.#keyboard.leave();
    await cleanUp();
    return { code, stdout: this.stdout.text, stderr: this.stderr.text };
  }

  /** The `nth` object of a type that `--json` printed (from 0), as soon as it is there. */
  async event(type: string, nth = 0): Promise<SkipEvent> {
    await this.stdout.until(new RegExp(`(?:^\\{"type":"${type}".*\\}\\n[^]*?){${nth + 1}}`, "m"));
    return events(this.stdout.text).filter((event) => event.type === type)[nth]!;
  }

  /** Types. */
  async type(text: string): Promise<void> {
    await this.#keyboard.type(text);
  }

  /** Ends the input, like Ctrl-D. */
  async endInput(): Promise<void> {
    await this.#keyboard.end();
  }

  /** Sends a signal; does nothing once it has ended. */
  kill(signal: Deno.Signal): void {
    if (this.running) signalChild(this.#child, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGTERM");
    await this.ended;
  }
}

/** Options of {@linkcode skip}. */
export interface RunOptions extends SkipOptions {
  /** What is piped in. @default {""} */
  readonly input?: string;
}

/** Runs `skip ARGS` to its end. */
export async function skip(args: readonly string[], options: RunOptions = {}): Promise<Ending> {
  await using command = await Skip.start(args, options);
  if (options.input) await command.type(options.input).catch(() => {}); // it may not want to hear
  await command.endInput();
  return await command.ended;
}

/** The objects that `--json` printed, as far as they are whole. Throws for one that is not documented. */
export function events(stdout: string): SkipEvent[] {
  return stdout.split("\n").slice(0, -1).map((line) => documented(JSON.parse(line)));
}

/** A serving peer that can be found, and where. */
export type Serving = Skip & { readonly id: string; readonly bootstrap: string };

/** `skip serve --bootstrap none`, once it can be found. */
export async function serveAlone(
  args: readonly string[] = ["--ephemeral"],
  options: SkipOptions = {},
): Promise<Serving> {
  const json = args.includes("--json");
  const server = await Skip.start(["serve", "--bootstrap", "none", ...args], options);
  const [, id, port] = await (json ? server.stdout : server.stderr).until(
    /skip (?:connect|forward) (\w{52}) --bootstrap THIS-HOST:(\d+)/,
  );
  return Object.assign(server, { id: id!, bootstrap: `127.0.0.1:${port}` });
}
