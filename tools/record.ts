// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * `deno task record`: records a real session of two processes, and draws it for README.md. On Linux with root each of them
 * is behind a NAT of its own in the laboratory, elsewhere on loopback.
 *
 * Kept out of the picture is what only the laboratory needs: the flag that names its DHT.
 *
 * @module
 */
import { delay } from "@std/async";
import { formatEndpoint } from "../lib/endpoint.ts";
import { startDht } from "../tests/lab/dht.ts";
import { Keyboard } from "../tests/keyboard.ts";
import { Lab, labUnavailable } from "../tests/lab/mod.ts";
import type { Meeting } from "../tests/session.ts";
import { apart, HERE, type Place, signalChild } from "../tests/skip_process.ts";
import { Testnet } from "../tests/testnet.ts";
import { replaceFile } from "./registry.ts";
import { ROOT, runFlags } from "./run_flags.ts";
import { drawSession, type Happening, KEY_MS, type Session } from "./terminal_svg.ts";

/** What was recorded. */
export const RECORDED = new URL("tools/session.json", ROOT);
/** The picture of README.md. */
export const PICTURE = new URL("session.svg", ROOT);

/** A person's pause before typing. */
const PAUSE_MS = 600;
const PATIENCE_MS = 30_000;

/** A terminal in which one command runs, and what happens in it. */
class Terminal implements AsyncDisposable {
  readonly #number: number;
  readonly #meeting: Meeting;
  readonly #tell: (happening: Omit<Happening, "at">) => void;
  readonly #wanted = new Set<() => void>();
  readonly #lines: string[] = [];
  #child: Deno.ChildProcess | undefined;
  #home: string | undefined;
  #keyboard: Keyboard | undefined;

  constructor(number: number, meeting: Meeting, tell: (happening: Omit<Happening, "at">) => void) {
    this.#number = number;
    this.#meeting = meeting;
    this.#tell = tell;
  }

  /** Types a command, and starts it. */
  async run(place: Place, ...args: string[]): Promise<void> {
    const hidden = ["--bootstrap", this.#meeting.bootstrap];
    await this.#type("command", `skip ${args.join(" ")}`);
    this.#home = await Deno.makeTempDir({ prefix: "skip-record-" });
    const flags = ["run", "--quiet", "--no-prompt", ...await runFlags(), `-P=${args[0]}`, "cli/main.ts"];
    this.#child = place.spawn(Deno.execPath(), [...flags, ...args, ...hidden], await apart(this.#home));
    this.#keyboard = new Keyboard(this.#child);
    for (const by of ["stdout", "stderr"] as const) void this.#read(this.#child[by], by, hidden.join(" "));
  }

  /** Types a line into the command. */
  async input(text: string): Promise<void> {
    await this.#type("input", text);
    await this.#keyboard!.type(`${text}\n`);
  }

  /** Waits for a line that has been or will be printed. */
  async line(pattern: RegExp): Promise<string> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = this.#lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await new Promise<void>((resolve, reject) => {
        this.#wanted.add(resolve);
        late.onabort = () => reject(new Error(`Cannot record: no line like ${pattern} came`));
      });
    }
  }

  async #type(by: "command" | "input", text: string): Promise<void> {
    await delay(PAUSE_MS);
    this.#tell({ terminal: this.#number, by, text });
    await delay(text.length * KEY_MS);
  }

  async #read(stream: ReadableStream<Uint8Array>, by: "stdout" | "stderr", hidden: string): Promise<void> {
    let rest = "";
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const text = line.replace(` ${hidden}`, "");
        this.#lines.push(text);
        this.#tell({ terminal: this.#number, by, text });
      }
      for (const wake of this.#wanted) wake();
      this.#wanted.clear();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child) signalChild(this.#child, "SIGTERM");
    await this.#child?.status;
    await this.#keyboard?.leave();
    if (this.#home) await Deno.remove(this.#home, { recursive: true });
  }
}

/** Where the two are, in words too. */
type Scene = Meeting & Pick<Session, "titles">;

/** Two home routers, 50 ms apart; or this machine alone. */
async function setUp(stack: AsyncDisposableStack): Promise<Scene> {
  const reason = labUnavailable();
  if (reason !== undefined) {
    console.error(`On loopback, since there can be no laboratory: ${reason}`);
    const net = stack.use(await Testnet.create({ nodes: 20 }));
    const titles = ["On this machine", "On the same machine"];
    return { titles, bootstrap: formatEndpoint(net.bootstrap[0]!) };
  }
  const lab = stack.use(await Lab.create({ rttMs: 50 }));
  const [serving, connecting] = await lab.pair("port", "port");
  const { bootstrap } = stack.use(await startDht(lab));
  const titles = ["At home, behind a router", "Elsewhere, behind another router"];
  return { titles, bootstrap, serving, connecting };
}

/** The session: one serves, the other connects, both say something. */
async function record(): Promise<Session> {
  await using stack = new AsyncDisposableStack();
  const scene = await setUp(stack);
  const happenings: Happening[] = [];
  const start = performance.now();
  const isOver = new AbortController();
  const tell = (happening: Omit<Happening, "at">) => {
    if (!isOver.signal.aborted) happenings.push({ at: Math.round(performance.now() - start), ...happening });
  };
  const [here, there] = [0, 1].map((n) => stack.use(new Terminal(n, scene, tell))) as [Terminal, Terminal];

  await here.run(scene.serving ?? HERE, "serve");
  const command = await here.line(/^ +skip connect /);
  await there.run(scene.connecting ?? HERE, ...command.trim().split(" ").slice(1));
  await there.line(/^Welcome/);
  await there.input("hello from behind my router");
  await here.line(/hello from behind my router$/);
  await here.input("and from behind mine");
  await there.line(/and from behind mine$/);
  await delay(PAUSE_MS);
  isOver.abort(); // goodbyes are not part of it
  return { titles: scene.titles, happenings };
}

if (import.meta.main) {
  const session = await record();
  await replaceFile(RECORDED, `${JSON.stringify(session, null, 2)}\n`);
  await replaceFile(PICTURE, drawSession(session));
  console.error(`${session.happenings.length} lines in ${PICTURE.pathname}`);
}
