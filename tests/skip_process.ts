/**
 * The command line as a process of its own, for tests, benchmarks and the demo: started with the permission set that a
 * user gives it, heard through `--json`.
 *
 * @module
 */
import { ROOT } from "../tools/run_flags.ts";
import { Keyboard } from "./keyboard.ts";
import { program } from "./program.ts";

/** One object that `--json` printed. */
export interface SkipEvent {
  readonly type: string;
  // deno-lint-ignore no-explicit-any
  readonly [key: string]: any;
}

/** Where a process runs: this machine, or a host of the lab. */
export interface Place {
  spawn(command: string, args: readonly string[], options: Deno.CommandOptions): Deno.ChildProcess;
}

/** This machine. */
export const HERE: Place = {
  spawn: (command, args, options) => new Deno.Command(command, { ...options, args: [...args] }).spawn(),
};

/** How a process ended. */
export interface Ending {
  readonly code: number;
  readonly stderr: string;
  readonly events: readonly SkipEvent[];
}

/** Sends a signal, unless the process has just ended: Deno knows that a moment before it resolves `status`. */
export function signalChild(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** `skip COMMAND --json …`, running. */
export class SkipProcess implements AsyncDisposable {
  /** Everything it has printed. */
  readonly events: SkipEvent[] = [];
  /** Resolves when it has ended. */
  readonly ended: Promise<Ending>;
  /** For CPU and memory figures. */
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #home: string;
  readonly #keyboard: Keyboard;
  readonly #waiting = new Set<() => void>();
  readonly #arrivals = new WeakMap<SkipEvent, number>();
  #finished = false;

  private constructor(child: Deno.ChildProcess, home: string) {
    this.#child = child;
    this.#home = home;
    this.pid = child.pid;
    this.#keyboard = new Keyboard(child);
    this.ended = this.#collect();
  }

  /** Starts `skip ARGS --json` with configuration and cache folders of its own. */
  static async start(args: readonly string[], place: Place = HERE): Promise<SkipProcess> {
    const home = await Deno.makeTempDir({ prefix: "skip-home-" });
    const { command, args: all, env } = await program([...args, "--json"]);
    const child = place.spawn(command, all, await apart(home, env));
    return new SkipProcess(child, home);
  }

  async #collect(): Promise<Ending> {
    const [, stderr, { code }] = await Promise.all([
      this.#readEvents(),
      new Response(this.#child.stderr).text(),
      this.#child.status,
    ]);
    this.#finished = true;
    this.#wake();
    await this.#keyboard.leave();
    await Deno.remove(this.#home, { recursive: true });
    return { code, stderr, events: this.events };
  }

  async #readEvents() {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const [now, lines] = [performance.now(), (rest + text).split("\n")];
      rest = lines.pop()!;
      for (const line of lines) {
        const event: SkipEvent = JSON.parse(line);
        this.#arrivals.set(event, now);
        this.events.push(event);
      }
      this.#wake();
    }
  }

  #wake() {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /**
   * The first event of a type that passes `filter`, or the `filter`-th of its type (from 0), as soon as it is there.
   * Rejects with all that was said if it never comes.
   */
  async event(type: string, filter: number | ((event: SkipEvent) => boolean) = 0): Promise<SkipEvent> {
    for (;;) {
      const ofType = this.events.filter((e) => e.type === type);
      const found = typeof filter === "number" ? ofType[filter] : ofType.find(filter);
      if (found) return found;
      if (this.#finished) {
        const { code, stderr } = await this.ended;
        throw new Error(`no ${type} before the end (${code}): ${JSON.stringify(this.events)} ${stderr}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** When one of its events was read, by `performance.now()`. */
  arrival(event: SkipEvent): number {
    return this.#arrivals.get(event)!;
  }

  /** Types a line. */
  async send(line: string): Promise<void> {
    await this.#keyboard.type(`${line}\n`);
  }

  /** Ends the input, like Ctrl-D. */
  async endInput(): Promise<void> {
    await this.#keyboard.end();
  }

  /** Sends a signal; does nothing once it has ended. */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    if (!this.#finished) signalChild(this.#child, signal);
  }

  /** Asks it to end, and waits. */
  async stop(): Promise<Ending> {
    this.kill();
    return await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

let knownDenoDir: Promise<string> | undefined;

/** Where Deno keeps packages: by default below the folder for caches, which each process gets for itself. */
function denoDir(): Promise<string> {
  return knownDenoDir ??= findDenoDir();
}

async function findDenoDir(): Promise<string> {
  const set = Deno.env.get("DENO_DIR");
  if (set) return set;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" })
    .output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

/**
 * The environment in which the command finds its folders below `home`, and none of this user's: on Linux those of `config` and
 * `cache` in it.
 */
export function foldersBelow(home: string): Record<string, string> {
  const [config, cache] = [`${home}/config`, `${home}/cache`];
  if (Deno.build.os === "windows") return { APPDATA: config, LOCALAPPDATA: cache };
  if (Deno.build.os === "darwin") return { HOME: home };
  return { XDG_CONFIG_HOME: config, XDG_CACHE_HOME: cache };
}

/**
 * Options for a process of the command that is heard and talked to, and sees nothing of this user's own files.
 *
 * @param env What else of the environment it needs.
 */
export async function apart(
  home: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Deno.CommandOptions> {
  return {
    cwd: ROOT,
    env: {
      DENO_DIR: await denoDir(),
      ...foldersBelow(home),
      NO_COLOR: "1",
      ...env,
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  };
}
