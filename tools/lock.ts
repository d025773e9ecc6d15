/**
 * Writes deno.lock anew from what the registries resolve for deno.json: run it after changing "imports".
 *
 * Without JSR the lock holds the npm packages only, and Deno adds the rest where it can. What a registry of one's own
 * (JSR_URL) resolved has other hashes than the real one, so it is never written.
 */
import { denoFlags, LOCK, ROOT } from "./run_flags.ts";
import { replaceFile } from "./registry.ts";
import { STD_ON_NPM } from "./std_stand_in.ts";

const STAND_IN_PACKAGE = STD_ON_NPM.slice("npm:".length);

/** The parts of a lock file that name packages. */
export interface Lock {
  specifiers?: Record<string, string>;
  npm?: Record<string, unknown>;
  [part: string]: unknown;
}

function without<T>(record: Record<string, T>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}

/**
 * Takes out the package that stands in for JSR: it is no dependency of the project.
 *
 * @param lock A lock file that a run in this checkout may have added it to.
 */
export function withoutStandIn(lock: Lock): Lock {
  return {
    ...lock,
    specifiers: without(lock.specifiers ?? {}, STD_ON_NPM),
    npm: without(lock.npm ?? {}, STAND_IN_PACKAGE),
  };
}

if (import.meta.main) {
  if (Deno.env.has("JSR_URL")) {
    throw new Error("Cannot lock as JSR_URL names a registry other than the public one");
  }
  await denoFlags();
  const lock = withoutStandIn(JSON.parse(await Deno.readTextFile(LOCK)));
  await replaceFile(new URL("deno.lock", ROOT), JSON.stringify(lock, null, 2) + "\n");
}
