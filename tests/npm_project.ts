/**
 * A project that has this package from npm's side of JSR, for runtimes that take packages from there: what `deno pack` makes
 * of the checkout, beside every package that it needs.
 *
 * @module
 */
import { committedPackages } from "../tools/packages.ts";
import { readConfig, ROOT } from "../tools/run_flags.ts";
import { standInFiles } from "../tools/std_stand_in.ts";
import { serveJsr, stdPackages } from "./jsr_registry.ts";

/** A folder with `lib.mjs` and `cli.mjs`, which import our two entry points. */
export interface NpmProject extends AsyncDisposable {
  readonly path: string;
}

async function run(command: string, args: string[], options: Deno.CommandOptions): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { ...options, args, stdin: "null" }).output();
  if (!success) throw new Error(`${command} ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
}

/** Our package, as JavaScript. */
async function addOurs(path: string, name: string): Promise<void> {
  await using registry = await serveJsr(await stdPackages());
  const tarball = `${path}/ours.tgz`;
  await run(Deno.execPath(), [
    "pack",
    "--quiet",
    "--allow-dirty",
    "--allow-slow-types",
    "--no-source-maps",
    "--output",
    tarball,
  ], {
    cwd: ROOT,
    env: registry.env,
  });
  await Deno.mkdir(`${path}/node_modules/${name}`, { recursive: true });
  await run("tar", ["xzf", tarball, "--strip-components=1", "-C", `${path}/node_modules/${name}`], {});
}

/** `deno pack` leaves the names of `@std` as they are in the sources. */
async function addStd(path: string): Promise<void> {
  for (const { name } of await stdPackages()) {
    for (const [file, text] of await standInFiles(name.replace("@std/", ""))) {
      const target = `${path}/node_modules/${name}${file}`;
      await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(target, text);
    }
    const manifest = JSON.stringify({ name, type: "module", exports: "./mod.js" });
    await Deno.writeTextFile(`${path}/node_modules/${name}/package.json`, manifest);
  }
}

/** Of two versions one wins: nothing of them is run. */
async function addOthers(path: string): Promise<void> {
  for (const { name, folder } of await committedPackages()) {
    if (!folder) continue;
    const target = `${path}/node_modules/${name}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.remove(target).catch(() => {});
    await Deno.symlink(folder, target, { type: "dir" });
  }
}

/** Makes a project; it is removed at the end. */
export async function makeNpmProject(): Promise<NpmProject> {
  const path = await Deno.makeTempDir({ prefix: "skip-npm-" });
  const { name } = await readConfig();
  await addOurs(path, name);
  await addStd(path);
  await addOthers(path);
  await Deno.writeTextFile(`${path}/lib.mjs`, `import { serve } from "${name}";\nconsole.log(serve);\n`);
  await Deno.writeTextFile(`${path}/cli.mjs`, `import { main } from "${name}/cli";\nconsole.log(main);\n`);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
