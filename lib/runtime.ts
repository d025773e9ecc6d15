/**
 * The entry points import this before anything else: whoever runs them in another runtime than Deno gets one sentence
 * instead of the first of many things that are missing there.
 *
 * @module
 */

/** What tells runtimes apart. */
export interface Globals {
  /** Deno's. */
  readonly Deno?: unknown;
  /** Bun's. */
  readonly Bun?: { readonly version: string };
  /** That of Node.js, which Bun has as well. */
  readonly process?: { readonly version?: string };
}

/** What somebody is to read who has no Deno; nothing where there is one. */
export function withoutDeno({ Deno, Bun, process }: Globals): string | undefined {
  if (Deno !== undefined) return undefined;
  const current = Bun
    ? `Bun ${Bun.version}`
    : process?.version
    ? `Node.js ${process.version}`
    : "another one";
  return `Cannot run Skip Public IP: it needs the runtime Deno 2.9 or newer, https://deno.com; this is ${current}`;
}

const message = withoutDeno(globalThis as Globals);
if (message) throw new Error(message);
