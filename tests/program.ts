/**
 * The command as the tests run it: this checkout, unless SKIP_UNDER_TEST names something else.
 *
 * - `jsr:…/cli`: the package, from JSR or from the registry whose environment SKIP_UNDER_TEST_ENV has as JSON;
 * - a file named `*.js`: the bundle that `deno task compile` makes, run by Deno;
 * - any other file: an executable.
 *
 * @module
 */
import { resolve } from "node:path";
import { flagsOf, PERMISSIONS } from "../cli/_permissions.ts";
import { ROOT, runFlags } from "../tools/run_flags.ts";

/** A command line, and what of the environment it needs. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const UNDER_TEST = Deno.env.get("SKIP_UNDER_TEST");
const UNDER_TEST_ENV: Record<string, string> = JSON.parse(Deno.env.get("SKIP_UNDER_TEST_ENV") ?? "{}");

/** Whether it is an executable, whose permissions nobody can choose. */
export const IS_EXECUTABLE = UNDER_TEST !== undefined && !/^jsr:|\.js$/.test(UNDER_TEST);

/**
 * The command line of `skip ARGS`, with exactly the permissions of its command.
 *
 * @param permissions Flags of `deno run` in their place.
 */
export async function program(args: readonly string[], permissions?: readonly string[]): Promise<Program> {
  const [name = "help"] = args;
  const set = Object.hasOwn(PERMISSIONS, name) ? name : "help";
  if (UNDER_TEST === undefined) {
    const main = new URL("cli/main.ts", ROOT).href;
    return byDeno([...await runFlags(), ...permissions ?? [`-P=${set}`], main, ...args]);
  }
  if (IS_EXECUTABLE) {
    if (permissions) throw new Error("Cannot choose the permissions of an executable: ignore this test");
    return { command: resolve(UNDER_TEST), args, env: {} };
  }
  const flags = permissions ?? flagsOf(PERMISSIONS[set]!);
  const own = UNDER_TEST.startsWith("jsr:") ? [UNDER_TEST] : ["--unstable-net", resolve(UNDER_TEST)];
  return byDeno(["--quiet", "--no-prompt", "--no-config", "--no-lock", ...flags, ...own, ...args]);
}

function byDeno(args: readonly string[]): Program {
  return { command: Deno.execPath(), args: ["run", ...args], env: UNDER_TEST_ENV };
}
