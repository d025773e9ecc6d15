// What this project uses of @std/toml, for where it comes from npm without types. Add here what you import newly.

/** Reads a TOML document. Throws `SyntaxError`. */
export function parse(tomlString: string): Record<string, unknown>;
