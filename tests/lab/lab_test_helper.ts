import { labUnavailable } from "./available.ts";

/** Set to `required` where a missing lab is a failure, as in CI. */
const POLICY = "SKIP_LAB";

const unavailable = labUnavailable();

/**
 * Registers a test that needs the lab. Where there can be none it is ignored, and a line on stderr says why;
 * with the environment variable `SKIP_LAB=required` it fails instead.
 */
export function labTest(name: string, fn: (t: Deno.TestContext) => void | Promise<void>): void {
  if (unavailable === undefined) return Deno.test(name, fn);
  if (Deno.env.get(POLICY) === "required") {
    return Deno.test(name, () => {
      throw new Error(`Cannot run in the lab, and ${POLICY}=required: ${unavailable}`);
    });
  }
  Deno.stderr.writeSync(new TextEncoder().encode(`skipped: ${name}: no lab: ${unavailable}\n`));
  Deno.test({ name, ignore: true, fn });
}
