/** Where JSR is out of reach, the same code comes from npm: an import map and the modules that it points to. */

/** The `@std` packages as plain JavaScript; their types for our use are the declarations in `tools/std/`. */
const STD_ON_NPM = "npm:deno-std@1.4.0";

/** The modules that make up one `@std` package there, by package name. */
const MODULES: Record<string, string[]> = {
  assert: ["assert/mod.js"],
  // Not async/mod.js: it takes in channel.js, which imports a folder by a name that the npm package does not have.
  async: ["abortable", "deadline", "debounce", "delay", "poll", "pool", "retry"].map((name) =>
    `async/${name}.js`
  ),
  // Not cli/mod.js: its unicode_width.js imports a JSON file that the npm package lacks.
  cli: ["cli/parse_args.js"],
};

/** The specifiers on npm that stand in for the packages of JSR. */
export function stdSpecifiers(): string[] {
  return Object.values(MODULES).flat().map((path) => `${STD_ON_NPM}/${path}`);
}

/**
 * The text of a module that stands in for one `@std` package.
 *
 * @param name The package's name without its scope.
 */
export function standInModule(name: string): string {
  const paths = MODULES[name];
  if (!paths) {
    throw new Error(
      `Cannot stand in for a JSR package as tools/std_stand_in.ts does not list it: @std/${name}`,
    );
  }
  const exports = paths.map((path) => `export * from "${STD_ON_NPM}/${path}";\n`);
  return `// @ts-self-types="../../tools/std/${name}.d.ts"\n${exports.join("")}`;
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
    if (name) result.modules[`std/${name}.js`] = standInModule(name);
  }
  return result;
}
