/** Where JSR is out of reach, the same code comes from npm: an import map and the modules that it points to. */

/** The `@std` packages as plain JavaScript; their types for our use are the declarations in `tools/std/`. */
export const STD_ON_NPM = "npm:deno-std@1.4.0";

/** The modules that make up one `@std` package there, by package name. */
const MODULES: Record<string, string[]> = {
  assert: ["assert/mod.js"],
  // Not async/mod.js: it takes in channel.js, which imports a folder by a name that the npm package does not have.
  async: ["abortable", "deadline", "debounce", "delay", "poll", "pool", "retry"].map((name) =>
    `async/${name}.js`
  ),
  // Not cli/mod.js: its unicode_width.js imports a JSON file that the npm package lacks.
  cli: ["cli/parse_args.js"],
  "media-types": ["media_types/content_type.js"],
  toml: ["toml/parse.js"],
};

function modulesOf(name: string): string[] {
  const paths = MODULES[name];
  if (!paths) {
    throw new Error(`Cannot stand in for a package that tools/std_stand_in.ts does not list: @std/${name}`);
  }
  return paths;
}

function reexports(types: string, specifiers: string[]): string {
  const lines = specifiers.map((specifier) => `export * from "${specifier}";\n`);
  return `// @ts-self-types="${types}"\n${lines.join("")}`;
}

/** An import map without JSR, and the text of each module that it points to by a relative path. */
export interface StandIn {
  imports: Record<string, string>;
  modules: Record<string, string>;
}

/**
 * Replaces what comes from JSR's `@std`; everything else stays as it is.
 *
 * @param imports The "imports" of deno.json.
 */
export function standIn(imports: Record<string, string>): StandIn {
  const result: StandIn = { imports: {}, modules: {} };
  for (const [specifier, target] of Object.entries(imports)) {
    const name = /^jsr:@std\/([a-z-]+)@/.exec(target)?.[1];
    result.imports[specifier] = name ? `./std/${name}.js` : target;
    if (name) {
      const specifiers = modulesOf(name).map((path) => `${STD_ON_NPM}/${path}`);
      result.modules[`std/${name}.js`] = reexports(`../../tools/std/${name}.d.ts`, specifiers);
    }
  }
  return result;
}

/**
 * Everything that a stand-in fetches from npm.
 *
 * @param standIn What {@linkcode standIn} made.
 */
export function npmSpecifiers({ imports, modules }: StandIn): string[] {
  const targets = Object.values(imports).filter((target) => target.startsWith("npm:"));
  return [...targets, ...Object.values(modules).flatMap((text) => text.match(/npm:[^"]+/g) ?? [])];
}

async function npmFolder(): Promise<URL> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "--no-config", `${STD_ON_NPM}/assert/mod.js`],
    stdin: "null",
    stderr: "inherit",
  }).output();
  const { npmPackages } = JSON.parse(new TextDecoder().decode(stdout));
  const [{ localPath }] = Object.values<{ localPath: string }>(npmPackages) as [{ localPath: string }];
  return new URL(`file://${localPath}/`);
}

async function addWithImports(files: Map<string, string>, folder: URL, path: string): Promise<void> {
  if (files.has(`/${path}`)) return;
  const text = await Deno.readTextFile(new URL(path, folder));
  files.set(`/${path}`, text);
  for (const [, relative = ""] of text.matchAll(/^(?:import|export)\b[^;]*?from\s+"(\.[^"]+)"/gm)) {
    const imported = new URL(relative, new URL(path, folder)).href.slice(folder.href.length);
    await addWithImports(files, folder, imported);
  }
}

/**
 * The files of one `@std` package, made from npm's: an entry `/mod.js` with our types, and all that it imports.
 *
 * @param name The package's name without its scope.
 */
export async function standInFiles(name: string): Promise<Map<string, string>> {
  const folder = await npmFolder();
  const types = await Deno.readTextFile(new URL(`std/${name}.d.ts`, import.meta.url));
  const entry = reexports("./mod.d.ts", modulesOf(name).map((path) => `./${path}`));
  const files = new Map([["/mod.js", entry], ["/mod.d.ts", types]]);
  for (const path of modulesOf(name)) await addWithImports(files, folder, path);
  return files;
}
