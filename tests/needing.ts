import { isInPath } from "./in_path.ts";

/** Set to `required` where a test that cannot run is a failure, as in CI. */
const POLICY = "SKIP_LAB";

/** A test's body. */
export type TestFunction = (t: Deno.TestContext) => void | Promise<void>;

/** Registers a test, or says why it is not run. */
export type Register = (name: string, fn: TestFunction) => void;

/** Options of {@linkcode testsNeeding}. */
export interface NeedingOptions {
  /** Whether these tests are ignored, with their line, in CI as well: no package of Debian has what they need. */
  readonly mayBeMissing?: boolean;
}

/** Why a program cannot be run: no folder of PATH has it; `undefined` where one has. */
export function missingProgram(name: string): string | undefined {
  return isInPath(name) ? undefined : `there is no ${name} here`;
}

/**
 * Gives what registers tests that need something. Where that is missing they are ignored, and a line on stderr says why; with
 * the environment variable `SKIP_LAB=required` they fail instead.
 *
 * @param where The end of "Cannot run …".
 * @param missing Why there can be none here; `undefined` where there can be.
 */
export function testsNeeding(
  where: string,
  missing: string | undefined,
  options: NeedingOptions = {},
): Register {
  if (missing === undefined) return (name, fn) => Deno.test(name, fn);
  if (Deno.env.get(POLICY) === "required" && !options.mayBeMissing) {
    return (name) =>
      Deno.test(name, () => {
        throw new Error(`Cannot run ${where}, and ${POLICY}=required: ${missing}`);
      });
  }
  return (name, fn) => {
    Deno.stderr.writeSync(new TextEncoder().encode(`skipped: ${name}: ${missing}\n`));
    Deno.test.ignore(name, fn); // the reason is on stderr; in CI, which requires all, it has failed above
  };
}
