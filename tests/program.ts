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

/** What the environment says of the form to test. */
export interface UnderTest {
  readonly SKIP_UNDER_TEST?: string;
  readonly SKIP_UNDER_TEST_ENV?: string;
}

/** Options of {@linkcode program}. */
export interface ProgramOptions {
  /** Flags of `deno run`, which an executable cannot take. @default the permission set of the command */
  readonly permissions?: readonly string[] | undefined;
  /** @default what this process's environment says */
  readonly underTest?: UnderTest;
}

/** Whether it is this checkout, whose imports Deno resolves by flags. */
export const IS_CHECKOUT = !Deno.env.has("SKIP_UNDER_TEST");

/** Whether it is an executable, whose permissions nobody can choose. */
export const IS_EXECUTABLE = isExecutable(Deno.env.get("SKIP_UNDER_TEST"));

function isExecutable(name: string | undefined): boolean {
  return name !== undefined && !/^jsr:|\.js$/.test(name);
}

/** The command line of `skip ARGS`, with exactly the permissions of its command. */
export async function program(
  args: readonly string[],
  { permissions, underTest = Deno.env.toObject() }: ProgramOptions = {},
): Promise<Program> {
  const { SKIP_UNDER_TEST: name, SKIP_UNDER_TEST_ENV: env = "{}" } = underTest;
  const set = args[0] !== undefined && Object.hasOwn(PERMISSIONS, args[0]) ? args[0] : "help";
  if (name === undefined) {
    const main = new URL("cli/main.ts", ROOT).href;
    return byDeno([...await runFlags(), ...permissions ?? [`-P=${set}`], main, ...args]);
  }
  if (isExecutable(name)) {
    if (permissions) throw new Error("Cannot choose the permissions of an executable: ignore this test");
    return { command: resolve(name), args, env: {} };
  }
  const flags = permissions ?? flagsOf(PERMISSIONS[set]!);
  const own = name.startsWith("jsr:") ? [name] : ["--unstable-net", resolve(name)];
  return byDeno(
    ["--quiet", "--no-prompt", "--no-config", "--no-lock", ...flags, ...own, ...args],
    JSON.parse(env),
  );
}

function byDeno(args: readonly string[], env: Record<string, string> = {}): Program {
  return { command: Deno.execPath(), args: ["run", ...args], env };
}
