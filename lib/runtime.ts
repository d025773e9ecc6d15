/**
 * The entry points import this before anything else: whoever runs them in another runtime than Deno gets one sentence
 * instead of the first of many things that are missing there.
 *
 * @module
 */

/** What tells runtimes apart. */
export interface Globals {
  /** Deno's. */
  readonly Deno?: { readonly version?: { readonly deno: string } };
  /** Bun's. */
  readonly Bun?: { readonly version: string };
  /** That of Node.js, which Bun has as well. */
  readonly process?: { readonly version?: string };
}

/** The first version of Deno in which all that we need works, as a listener that shares its port. */
const OLDEST: readonly [major: number, minor: number] = [2, 9];

/** What somebody is to read who runs this elsewhere; nothing where it can run. */
export function unsupported({ Deno, Bun, process }: Globals): string | undefined {
  const version = Deno?.version?.deno;
  if (version !== undefined && isNewEnough(version)) return undefined;
  const current = version !== undefined
    ? `Deno ${version}`
    : Bun
    ? `Bun ${Bun.version}`
    : process?.version
    ? `Node.js ${process.version}`
    : "another one";
  return `Cannot run Skip Public IP: it needs the runtime Deno ${OLDEST.join(".")} or newer, ` +
    `https://deno.com; this is ${current}`;
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

const message = unsupported(globalThis as Globals);
if (message) throw new Error(message);
