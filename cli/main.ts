/**
 * The command `skip`.
 *
 * ```sh
 * deno run jsr:@skip-public-ip/skip-public-ip/cli help
 * ```
 *
 * @module
 */
import "../lib/runtime.ts"; // first: it says what is missing where nothing else could run
import { COMMANDS } from "./_commands.ts";
import { Exit, type ExitCode, UsageError } from "./_exit.ts";
import { nearest } from "./_nearest.ts";
import { Output } from "./_output.ts";

const ALIASES: Readonly<Record<string, string>> = {
  "--help": "help",
  "-h": "help",
  "--version": "version",
  "-V": "version",
};

/** What asks for help wherever it stands. */
const HELP = ["--help", "-h"];

/** The arguments of `skip help` for a command; of what else was typed, only how to say it counts. */
function explaining(name: string, typed: readonly string[]): string[] {
  return [name, ...typed.filter((arg) => arg === "--json")];
}

/**
 * Runs the command line and gives its exit code.
 *
 * @example The version
 * ```ts
 * import { main } from "@skip-public-ip/skip-public-ip/cli";
 *
 * console.log(await main(["--version"])); // 0
 * ```
 *
 * @param args What stands behind the program's name.
 */
export async function main(args: readonly string[]): Promise<number> {
  const [first = "help", ...rest] = args;
  const name = ALIASES[first] ?? first;
  try {
    if (name === "version") return (await import("./help.ts")).printVersion(rest);
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!load) throw unknownCommand(first);
    if (rest.some((arg) => HELP.includes(arg))) {
      return await (await COMMANDS.help!()).run(explaining(name, rest));
    }
    return await (await load()).run(rest);
  } catch (error) {
    return fail(error, rest);
  }
}

/** For what no command caught. */
function fail(error: unknown, args: readonly string[]): ExitCode {
  const has = (flag: string) => args.includes(flag);
  const tell = (json: boolean) =>
    new Output({ json, quiet: false, verbose: has("--verbose") }).failure(error).exit;
  try {
    return tell(has("--json"));
  } catch {
    return tell(false); // stdout goes to a disk that is full, or the like
  }
}

function unknownCommand(name: string): UsageError {
  const guess = nearest(name, Object.keys(COMMANDS));
  return new UsageError(
    `There is no command "${name}"`,
    guess ? `Did you mean skip ${guess}?` : "See skip help for the commands.",
  );
}

/** Callbacks of the network's code may throw where nobody can catch; a script gets its `error` object all the same. */
function failOnUncaught() {
  const end = (event: Event, error: unknown) => {
    event.preventDefault();
    Deno.exit(fail(error, Deno.args) || Exit.failed);
  };
  addEventListener("error", (event) => end(event, event.error));
  addEventListener("unhandledrejection", (event) => end(event, event.reason));
}

if (import.meta.main) {
  failOnUncaught();
  Deno.exit(await main(Deno.args) || Exit.ok);
}
