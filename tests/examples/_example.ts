/**
 * The examples as somebody runs them who has copied them, but in a network of the test's own.
 *
 * @module
 */
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { Transcript } from "../cli/_skip.ts";
import { Keyboard } from "../keyboard.ts";
import { signalChild } from "../skip_process.ts";
import { Testnet } from "../testnet.ts";

/** Ends a program that hangs, so that its test fails instead. No test takes as long on a busy machine. */
const PATIENCE_MS = 240_000;
const PACKAGE = "@skip-public-ip/skip-public-ip";

/** A running example. */
export class Example implements AsyncDisposable {
  readonly stdout: Transcript;
  readonly stderr: Transcript;
  readonly #child: Deno.ChildProcess;
  readonly #keyboard: Keyboard;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#keyboard = new Keyboard(child);
    this.stderr = new Transcript(child.stderr);
    this.stdout = new Transcript(child.stdout, this.stderr);
  }

  /** The id that a serving example prints first. */
  async id(): Promise<string> {
    return (await this.stdout.until(/^(\w{52})\n/))[1]!;
  }

  /** Types. */
  async type(text: string): Promise<void> {
    await this.#keyboard.type(text);
  }

  /** Waits for its end, after that of its input. */
  async end(): Promise<{ code: number; stdout: string }> {
    await this.#keyboard.end();
    const { code } = await this.#child.status;
    await Promise.all([this.stdout.over, this.stderr.over]);
    return { code, stdout: this.stdout.text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    signalChild(this.#child, "SIGTERM");
    await this.end();
  }
}

/** The flags with which an example says that it is to be run. */
export async function permissions(name: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(`examples/${name}`, ROOT));
  const [, flags] = new RegExp(`^// +deno run (.+?) ${name}`, "m").exec(text)!;
  return flags!.split(" ");
}

/** A network in which examples find each other. */
export class ExampleNetwork implements AsyncDisposable {
  readonly #testnet: Testnet;
  readonly #folder: string;

  private constructor(testnet: Testnet, folder: string) {
    this.#testnet = testnet;
    this.#folder = folder;
  }

  static async create(): Promise<ExampleNetwork> {
    return new ExampleNetwork(
      await Testnet.create({ nodes: 8 }),
      await Deno.makeTempDir({ prefix: "skip-example-" }),
    );
  }

  /** Where a peer begins. */
  get bootstrap(): string[] {
    return this.#testnet.nodes.slice(0, 2).map(({ port }) => `127.0.0.1:${port}`);
  }

  /** Starts `examples/NAME ARGS`. */
  async start(name: string, ...args: string[]): Promise<Example> {
    const file = new URL(`examples/${name}`, ROOT);
    return this.run([...await permissions(name), ...await this.#flags(), file.href, ...args]);
  }

  /** Starts any program by `deno run`. */
  run(args: string[], options: { env?: Record<string, string>; cwd?: string } = {}): Example {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--allow-env=SKIP_TEST_BOOTSTRAP", ...args],
      cwd: options.cwd ?? this.#folder,
      env: { ...options.env, SKIP_TEST_BOOTSTRAP: this.bootstrap.join(), NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).spawn();
    return new Example(child);
  }

  /** The flags of this checkout, with an import map in which the package's name leads into the test's network. */
  async #flags(): Promise<string[]> {
    const flags = await runFlags();
    const given = flags.find((flag) => flag.startsWith("--import-map="))?.slice("--import-map=".length);
    const from = given ? new URL(`file://${given}`) : new URL("deno.json", ROOT);
    const { imports } = JSON.parse(await Deno.readTextFile(from)) as { imports: Record<string, string> };
    const absolute = Object.entries(imports).map((
      [name, to],
    ) => [name, to.startsWith(".") ? new URL(to, from).href : to]);
    const map = {
      imports: { ...Object.fromEntries(absolute), [PACKAGE]: new URL("alone.ts", import.meta.url).href },
    };
    await Deno.writeTextFile(`${this.#folder}/import_map.json`, JSON.stringify(map));
    const others = flags.filter((flag) => !/^--(import-map=|quiet|no-prompt)/.test(flag));
    return [...others, `--import-map=${this.#folder}/import_map.json`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#testnet.close();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
