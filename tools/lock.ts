/**
 * Writes deno.lock anew from what the registries resolve for deno.json: run it after changing "imports".
 *
 * Without JSR the lock holds the npm packages only, and Deno adds the rest where it can. What a registry of one's own
 * (JSR_URL) resolved has other hashes than the real one, so it is never written.
 */
import { denoFlags, LOCK, readConfig, ROOT } from "./run_flags.ts";
import { replaceFile } from "./registry.ts";

/** The parts of a lock file that name packages. */
export interface Lock {
  specifiers?: Record<string, string>;
  npm?: Record<string, unknown>;
  [part: string]: unknown;
}

/** `npm:@scope/name@^1.0.0` that was resolved to 1.2.3 makes `@scope/name@1.2.3`. */
function resolvedPackage(specifier: string, version: string): string {
  return `${/^npm:(@?[^@]+)/.exec(specifier)?.[1]}@${version}`;
}

/**
 * Takes out what deno.json does not name: the package that stands in for JSR, and what tests or examples alone import.
 * They are no dependencies of the project, and depend on nothing themselves.
 *
 * @param lock A lock file that runs in this checkout may have added them to.
 * @param imports The "imports" of deno.json.
 */
export function withoutOthers(lock: Lock, imports: Record<string, string>): Lock {
  const specifiers = Object.entries(lock.specifiers ?? {});
  const named = Object.values(imports);
  const others = specifiers.filter(([specifier]) =>
    specifier.startsWith("npm:") && !named.includes(specifier)
  );
  const kept = specifiers.filter((entry) => !others.includes(entry));
  const needed = new Set(kept.map(([specifier, version]) => resolvedPackage(specifier, version)));
  const gone = others.map(([specifier, version]) => resolvedPackage(specifier, version));
  const npm = Object.entries(lock.npm ?? {}).filter(([name]) => needed.has(name) || !gone.includes(name));
  return { ...lock, specifiers: Object.fromEntries(kept), npm: Object.fromEntries(npm) };
}

if (import.meta.main) {
  if (Deno.env.has("JSR_URL")) {
    throw new Error("Cannot lock as JSR_URL names a registry other than the public one");
  }
  await denoFlags();
  const { imports } = await readConfig();
  const lock = withoutOthers(JSON.parse(await Deno.readTextFile(LOCK)), imports);
  await replaceFile(new URL("deno.lock", ROOT), JSON.stringify(lock, null, 2) + "\n");
}
