/**
 * `deno task compile`: executables in dist/ that need no Deno, with the checksums of all that are there.
 *
 * Without arguments dist/skip for this machine; with `--target TRIPLE`, which may be given several times, or `--all`,
 * dist/skip-VERSION-TRIPLE. Deno lays what we give it behind its runtime, `denort`, which it fetches from dl.deno.land;
 * DENORT_BIN names one that is here already.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { flagsOf, PERMISSIONS, unionOf } from "../cli/_permissions.ts";
import config from "../deno.json" with { type: "json" };
import { denoFlags, ROOT } from "./run_flags.ts";

/** For which systems there are executables. */
export const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/** Where executables go. */
export const DIST = new URL("dist/", ROOT);
/** The main module of the bundle, as executables have it inside. */
export const BUNDLE = new URL(".cache/bundle/main.js", ROOT);
/** Of the bundle's files, whose time is part of each executable: the same code makes the same bytes whenever it is compiled. */
const NO_TIME = new Date(0);

/** Packages that are no modules ask for Node's by `require`, which a module does not have. */
const REQUIRE = `import { createRequire } from "node:module";const require=createRequire(import.meta.url);\n`;
/** As long as a probe of JSR takes at most. */
const PROBE_TIMEOUT_MS = 1_000;

/** One executable. */
export interface Executable {
  /** Deno's name of the system. */
  readonly target: string;
  /** The name of the file. */
  readonly name: string;
}

/** What the arguments ask for. Throws `TypeError` for what makes no sense. */
export function plan(args: readonly string[], denort?: string): Executable[] {
  const { all, target, _: rest, ...others } = parseArgs([...args], {
    boolean: ["all"],
    string: ["target"],
    collect: ["target"],
  });
  const stray = [...rest, ...Object.keys(others)];
  if (stray.length > 0) throw new TypeError(`Cannot compile: there is no such argument: ${stray.join(" ")}`);
  const targets = all ? TARGETS : [...new Set(target)];
  const unknown = targets.find((one) => !TARGETS.includes(one));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot compile for ${unknown}: the targets are ${TARGETS.join(", ")}`);
  }
  if (denort !== undefined && targets.length > 1) {
    throw new TypeError("Cannot compile for several systems as DENORT_BIN is for one: give one --target");
  }
  const own = Deno.build.target;
  return targets.length === 0
    ? [{ target: own, name: `skip${suffix(own)}` }]
    : targets.map((target) => ({ target, name: `skip-${config.version}-${target}${suffix(target)}` }));
}

function suffix(target: string): string {
  return target.includes("windows") ? ".exe" : "";
}

/** Runs a subcommand of Deno; gives what it complained about, if it failed. */
async function complaintOf(
  subcommand: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string | undefined> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [subcommand, "--quiet", ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    env: { ...env, NO_COLOR: "1" },
  }).output();
  if (success) return undefined;
  const [complaint = ""] = new TextDecoder().decode(stderr).split("\nStack backtrace");
  return complaint.replace(/^error: /, "").trim();
}

/**
 * Writes the bundle: a main module, and one for each part that is loaded when it is needed, so that `skip --version` does
 * not wait for the rest. `deno compile --bundle` would make one of all on the way; so the tests run what is laid in.
 *
 * @param folder Is emptied first.
 * @returns The main module.
 */
export async function bundle(folder: URL = new URL("./", BUNDLE)): Promise<URL> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const { flags } = await denoFlags();
  // Names are kept for the sake of stack traces and `error.name`: 5 % of 700 KB.
  const complaint = await complaintOf("bundle", [
    ...[...flags, "--minify", "--keep-names", "--code-splitting", `--outdir=${fileURLToPath(folder)}`],
    fileURLToPath(new URL("cli/main.ts", ROOT)),
  ]);
  if (complaint) throw new Error(`Cannot bundle: ${complaint}`);
  for await (const { name } of Deno.readDir(folder)) {
    const file = new URL(name, folder), text = await Deno.readTextFile(file);
    if (/\brequire\b/.test(text)) await Deno.writeTextFile(file, REQUIRE + text);
    await Deno.utime(file, NO_TIME, NO_TIME);
  }
  return new URL("main.js", folder);
}

/** How an executable runs what is inside: with what its commands need together and nothing else, and without asking. */
export function bakedFlags(): string[] {
  return [
    ...flagsOf(unionOf(Object.values(PERMISSIONS))),
    "--deny-import",
    "--no-prompt",
    ...config.unstable.map((feature) => `--unstable-${feature}`),
    // It would be read from a well-known place in the system's folder for temporary files, where others may write.
    "--no-code-cache",
  ];
}

/** What {@linkcode compile} makes. */
export interface CompileOptions {
  /** Deno's name of the system. */
  readonly target: string;
  /** Where the executable goes. */
  readonly path: string;
  /** What is laid in. @default {BUNDLE} */
  readonly from?: URL;
  /** More of the environment, as DENORT_BIN. */
  readonly env?: Record<string, string>;
}

/**
 * Makes one executable of a bundle, in place of what is at its path. Rejects with what to do where there is no runtime to lay
 * it behind; what was there before stays then, which Deno would delete first.
 */
export async function compile({ target, path, from = BUNDLE, env }: CompileOptions): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: dirname(path), prefix: ".new-" });
  try {
    const made = join(folder, basename(path));
    await compileTo(made, target, from, env);
    await Deno.rename(made, path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function compileTo(
  path: string,
  target: string,
  from: URL,
  env?: Record<string, string>,
): Promise<void> {
  const complaint = await complaintOf("compile", [
    ...["--no-config", "--no-lock", "--no-check", ...bakedFlags(), "--app-name=skip"],
    ...[`--target=${target}`, `--output=${path}`, fileURLToPath(from)],
  ], env);
  if (!complaint) return;
  if (!/base binary|denort/.test(complaint)) throw new Error(`Cannot compile for ${target}: ${complaint}`);
  throw new Error(
    `Cannot compile for ${target} without Deno's runtime: ${complaint}\n\n${withoutRuntime(target)}`,
  );
}

function runtimeUrl(target: string): string {
  return `https://dl.deno.land/release/v${Deno.version.deno}/denort-${target}.zip`;
}

function withoutRuntime(target: string): string {
  return `Fetch ${runtimeUrl(target)}
where it can be reached, unpack it here, and run this again with DENORT_BIN set to the path of denort.`;
}

/** Why no executable can be made here for this machine, or `undefined` where one can. */
export async function runtimeMissing(): Promise<string | undefined> {
  if (Deno.env.has("DENORT_BIN")) return undefined;
  const url = runtimeUrl(Deno.build.target);
  try {
    const { ok, status } = await fetch(url, {
      method: "HEAD",
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    return ok ? undefined : `DENORT_BIN is not set, and ${url} answers with status ${status}`;
  } catch {
    return `DENORT_BIN is not set, and ${url} is out of reach`;
  }
}

/** Writes SHA256SUMS, as `sha256sum --check` reads it, of all executables in a folder. */
export async function writeChecksums(folder: URL): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
    .filter((name) => /^skip(-.+)?$/.test(name) || name === "skip.exe").sort();
  const lines = await Promise.all(names.map(async (name) => {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(new URL(name, folder)));
    return `${new Uint8Array(digest).toHex()}  ${name}\n`;
  }));
  await Deno.writeTextFile(new URL("SHA256SUMS", folder), lines.join(""));
}

/** The whole task. */
async function main(args: readonly string[]): Promise<void> {
  const executables = plan(args, Deno.env.get("DENORT_BIN"));
  await bundle();
  await Deno.mkdir(DIST, { recursive: true });
  try {
    for (const { target, name } of executables) {
      const file = new URL(name, DIST);
      await compile({ target, path: fileURLToPath(file) });
      const { size } = await Deno.stat(file);
      await Deno.stdout.write(new TextEncoder().encode(`dist/${name}  ${(size / 1e6).toFixed(1)} MB\n`));
    }
  } finally {
    await writeChecksums(DIST);
  }
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    await Deno.stderr.write(new TextEncoder().encode(`${(error as Error).message}\n`));
    Deno.exit(1);
  }
}
