/**
 * `deno task test:cli [FORM] [ARGUMENTS of deno test]`: the tests of the command, against one of the forms in which users
 * get it.
 *
 * - `checkout`: run by Deno from here, as `deno task test` does;
 * - `bundle`: all in one module, as executables have it inside;
 * - `executable`: compiled for this machine, or the path of one that is there: `dist/skip`;
 * - `rehearsal`: where there is no runtime to compile with, a script that runs the bundle as an executable would;
 * - `jsr`: as from JSR, through a registry on loopback; `jsr:…/cli` is what is published.
 *
 * @module
 */
import { fileURLToPath, pathToFileURL } from "node:url";
import { checkoutPackage, serveJsr, stdPackages } from "../tests/jsr_registry.ts";
import type { UnderTest } from "../tests/program.ts";
import { bakedFlags, bundle, compile, runtimeMissing } from "./compile.ts";
import { denoFlags, readConfig, ROOT } from "./run_flags.ts";

/** The command in one of its forms. */
export interface Form extends AsyncDisposable {
  /** What the tests must have in their environment. */
  readonly env: UnderTest;
}

/** Forms that are made of this checkout. */
const MADE: Readonly<Record<string, () => Promise<Form>>> = {
  checkout: () => Promise.resolve({ env: {}, [Symbol.asyncDispose]: () => Promise.resolve() }),
  bundle: () => made(),
  executable: () => made((from, path) => compile({ target: Deno.build.target, path, from })),
  rehearsal: () => made(rehearse),
  jsr: fromRegistry,
};

/** Makes a form, or takes the one that a path or a specifier names. Throws `Error` where an executable cannot be made. */
export async function openForm(name: string): Promise<Form> {
  if (Object.hasOwn(MADE, name)) return await MADE[name]!();
  return { env: { SKIP_UNDER_TEST: name }, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** The bundle, and what becomes of it, in a folder of its own. */
async function made(further?: (bundle: URL, path: string) => Promise<void>): Promise<Form> {
  const folder = await Deno.makeTempDir({ prefix: "skip-form-" });
  const main = await bundle(pathToFileURL(`${folder}/bundle/`));
  const path = `${folder}/skip${Deno.build.os === "windows" ? ".exe" : ""}`;
  await further?.(main, path);
  return {
    env: { SKIP_UNDER_TEST: further ? path : fileURLToPath(main) },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function rehearse(bundle: URL, path: string): Promise<void> {
  const words = [Deno.execPath(), "run", "--quiet", "--no-config", "--no-lock", ...bakedFlags(), bundle.href];
  const script = `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`;
  await Deno.writeTextFile(path, script, { mode: 0o755 });
}

async function fromRegistry(): Promise<Form> {
  const { name, version } = await readConfig();
  const registry = await serveJsr([await checkoutPackage(), ...await stdPackages()]);
  return {
    env: {
      SKIP_UNDER_TEST: `jsr:${name}@${version}/cli`,
      SKIP_UNDER_TEST_ENV: JSON.stringify(registry.env),
    },
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

/**
 * Runs tests against a form of the command.
 *
 * @param args For `deno test`: files, and flags like `--filter`.
 */
export async function testForm({ env }: Form, args: readonly string[]): Promise<Deno.ChildProcess> {
  const { flags } = await denoFlags();
  return new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--parallel", "--no-check", "--quiet", ...flags, ...args],
    cwd: ROOT,
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function main([name = "checkout", ...args]: readonly string[]): Promise<number> {
  const missing = name === "executable" ? await runtimeMissing() : undefined;
  if (missing !== undefined) throw new Error(`Cannot test the executable: ${missing}`);
  await using form = await openForm(name);
  const child = await testForm(
    form,
    args.some((arg) => !arg.startsWith("-")) ? args : ["tests/cli/", ...args],
  );
  await Promise.all([
    child.stdout.pipeTo(Deno.stdout.writable, { preventClose: true }),
    child.stderr.pipeTo(Deno.stderr.writable, { preventClose: true }),
  ]);
  return (await child.status).code;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
