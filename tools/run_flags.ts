/** The flags with which Deno runs this checkout, whether or not the JSR registry can be reached. */
import { fileURLToPath } from "node:url";
import { jsrReachable, jsrUrl, replaceFile } from "./registry.ts";
import { npmSpecifiers, type StandIn, standIn } from "./std_stand_in.ts";

/** The folder that holds deno.json. */
export const ROOT = new URL("../", import.meta.url);
const CACHE = new URL(".cache/", ROOT);
const IMPORT_MAP = new URL("import_map.json", CACHE);
/** deno.lock is only ever changed on purpose, by `deno task lock`: runs add what they resolve to this copy. */
export const LOCK = new URL("deno.lock", CACHE);

/** The parts of deno.json that the tools read. */
export interface Config {
  name: string;
  version: string;
  license: string;
  exports: Record<string, string>;
  imports: Record<string, string>;
  permissions: Record<string, unknown>;
  tasks: Record<string, unknown>;
  lint: { rules: { tags: string[] } };
  publish: { include: string[] };
}

/** Reads deno.json, the one list of imports and permission sets. */
export async function readConfig(): Promise<Config> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
}

async function fillDenoCache(flags: string[], specifiers: string[]): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", ...flags, ...specifiers],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot fetch the packages that deno.json names: ${specifiers.join(", ")}`);
}

async function writeStandIn({ imports, modules }: StandIn): Promise<void> {
  for (const [path, text] of Object.entries(modules)) await replaceFile(new URL(path, CACHE), text);
  await replaceFile(IMPORT_MAP, JSON.stringify({ imports }, null, 2));
}

function flagsFor(reachable: boolean): string[] {
  const flags = [`--config=${fileURLToPath(new URL("deno.json", ROOT))}`, `--lock=${fileURLToPath(LOCK)}`];
  return reachable ? flags : [...flags, `--import-map=${fileURLToPath(IMPORT_MAP)}`];
}

/** How Deno resolves this project's imports now. */
export interface DenoFlags {
  /** Whether JSR answers; otherwise npm stands in. */
  reachable: boolean;
  /** For any subcommand that resolves imports. */
  flags: string[];
}

/**
 * Finds out how imports resolve here. The first call in a checkout probes the registry and fetches every package that
 * deno.json names, so that later starts need no network, not even DNS.
 */
export async function denoFlags(): Promise<DenoFlags> {
  const { imports } = await readConfig();
  const lock = await Deno.readTextFile(new URL("deno.lock", ROOT));
  const withoutJsr = standIn(imports);
  const reachable = await jsrReachable({
    url: jsrUrl(),
    cache: CACHE,
    basis: [imports, withoutJsr, LOCK, lock, Deno.env.get("DENO_DIR") ?? ""],
    async onNew(reachable) {
      await replaceFile(LOCK, lock);
      if (!reachable) await writeStandIn(withoutJsr);
      await fillDenoCache(
        flagsFor(reachable),
        reachable ? Object.values(imports) : npmSpecifiers(withoutJsr),
      );
    },
  });
  return { reachable, flags: flagsFor(reachable) };
}

/**
 * The flags with which tests start the CLI, or any other program of this checkout, without the detour of a task.
 *
 * @example
 * ```ts ignore
 * import { runFlags } from "./run_flags.ts";
 *
 * const args = ["run", ...await runFlags(), "-P=id", "cli/main.ts", "id"];
 * await new Deno.Command(Deno.execPath(), { args }).output();
 * ```
 */
export async function runFlags(): Promise<string[]> {
  const { flags } = await denoFlags();
  return ["--quiet", "--no-prompt", ...flags];
}
