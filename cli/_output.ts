import type { Progress } from "../lib/progress.ts";
import type { Flags } from "./_flags.ts";
import { explain, type Failure, Interrupted } from "./_exit.ts";
import { describe, oneLine, printable, stageLine } from "./_render.ts";

/** Lines after the first one of a reason stand below it, so that none looks like a line of ours. */
const INDENTED_LINE = "\n        ";

/** What an {@linkcode Output} writes to; the real terminal, or a test's. */
export interface Terminal {
  /** Gives `false` when nobody reads it any more. */
  stdout(text: string): boolean;
  stderr(text: string): void;
  /** Whether `NO_COLOR` is set. @default {false} */
  readonly noColour?: boolean;
  /** Whether a person looks at stdout and stderr. */
  readonly isTerminal: { readonly stdout: boolean; readonly stderr: boolean };
}

/** Anything that `--json` prints: an object with a `type`. */
export interface JsonEvent {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** How a command talks. */
export interface OutputOptions {
  /** One JSON object a line on stdout, in place of everything else. */
  readonly json: boolean;
  /** Errors only. */
  readonly quiet: boolean;
  /** Stack traces. */
  readonly verbose: boolean;
}

/** The one owner of the terminal: stdout is the product, stderr the conversation. */
export class Output {
  readonly #terminal: Terminal;
  readonly #options: OutputOptions;
  #hasReader = true;
  /** Whether the last thing on stderr is a progress line that may be written over. */
  #open = false;

  constructor(options: OutputOptions, terminal: Terminal = processTerminal()) {
    this.#options = options;
    this.#terminal = terminal;
  }

  /** As `--json`, `--quiet` and `--verbose` say. */
  static by(flags: Pick<Flags, "has">, terminal?: Terminal): Output {
    const [json, quiet, verbose] = ["json", "quiet", "verbose"].map((name) => flags.has(name));
    return new Output({ json: json!, quiet: quiet!, verbose: verbose! }, terminal);
  }

  /** Whether somebody still reads stdout, as far as is known: `head -1` leaves after a line. */
  get hasReader(): boolean {
    return this.#hasReader;
  }

  /** Whether the conversation may have colours: on a terminal, unless `NO_COLOR` is set. */
  get colour(): boolean {
    return this.#terminal.isTerminal.stderr && !this.#terminal.noColour;
  }

  /** The product: a line on stdout; not with `--json`. */
  product(text: string) {
    if (this.#options.json) return;
    this.#settle();
    this.#print(this.#terminal.isTerminal.stdout ? printable(text) : text);
  }

  /** An event for scripts; only with `--json`. */
  event(event: JsonEvent) {
    if (this.#options.json) this.#print(jsonLine(event));
  }

  #print(line: string) {
    this.#hasReader = this.#terminal.stdout(`${line}\n`);
  }

  /** A line of the conversation, whatever strangers have put into it; not with `--json` or `--quiet`. */
  say(text: string) {
    this.draw(printable(text));
  }

  /** The same for a picture of our own, whose colours are commands to the terminal. */
  draw(picture: string) {
    if (this.#options.json || this.#options.quiet) return;
    this.#settle();
    this.#terminal.stderr(`${picture}\n`);
  }

  /** A stage: one line that is written over on a terminal, a line each elsewhere, an object with `--json`. */
  progress(event: Progress) {
    if (this.#options.json) return this.event(rounded(event));
    const words = describe(event);
    if (this.#options.quiet || !words) return;
    const line = oneLine(stageLine(words));
    if (!this.#terminal.isTerminal.stderr) return this.#terminal.stderr(`${line}\n`);
    this.#terminal.stderr(`${this.#open ? "\r\x1b[K" : ""}${line}`);
    this.#open = true;
  }

  /** How it stands: a line that is written over; on a terminal alone. */
  status(line: string) {
    if (this.#options.json || this.#options.quiet || !this.#terminal.isTerminal.stderr) return;
    this.#terminal.stderr(`${this.#open ? "\r\x1b[K" : ""}${oneLine(line)}`);
    this.#open = true;
  }

  /** The end of a command that failed: three lines, or an `error` object. */
  failure(error: unknown): Failure {
    const failure = explain(error);
    this.#settle();
    const { code, what, why, hint } = failure;
    this.event({ type: "error", code, message: why, hint });
    if (error instanceof Interrupted) this.say("Stopped.");
    else if (!this.#options.json) {
      const reason = why.replaceAll("\n", INDENTED_LINE);
      this.#terminal.stderr(printable(`skip: ${what}\n  why:  ${reason}\n  try:  ${hint}\n`));
    }
    if (this.#options.verbose && error instanceof Error) {
      for (let e: unknown = error; e instanceof Error; e = e.cause) {
        this.#terminal.stderr(printable(`${e.stack ?? e}\n`));
      }
    }
    return failure;
  }

  /** Ends an open progress line, so that what follows has a line of its own. */
  #settle() {
    if (this.#open) this.#terminal.stderr("\n");
    this.#open = false;
  }
}

/** An object in one line. JSON leaves some of a terminal's control characters as they are; escaped they mean the same. */
function jsonLine(event: JsonEvent): string {
  return JSON.stringify(event).replace(/[\x7f-\x9f]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}

/** Times to a tenth of a millisecond: more is noise. */
function rounded(event: Progress): JsonEvent {
  return Object.fromEntries(
    Object.entries(event).map(([k, v]) => [k, typeof v === "number" ? Math.round(v * 10) / 10 : v]),
  ) as unknown as JsonEvent;
}

/** The terminal of this process. Writes are synchronous: each is a line or two, and none may be lost at exit. */
export function processTerminal(): Terminal {
  const write = (to: { writeSync(bytes: Uint8Array): number }, text: string) => {
    const bytes = new TextEncoder().encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
      return true;
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      return false; // the reader has left: nothing to tell it
    }
  };
  return {
    stdout: (text) => write(Deno.stdout, text),
    stderr: (text) => void write(Deno.stderr, text),
    noColour: Deno.noColor,
    isTerminal: { stdout: Deno.stdout.isTerminal(), stderr: Deno.stderr.isTerminal() },
  };
}
