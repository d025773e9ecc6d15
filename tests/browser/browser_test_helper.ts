import { chromiumUnavailable } from "./chromium.ts";

/** Set to `required` where a test that cannot run is a failure, as in CI; the same as for the lab. */
const POLICY = "SKIP_LAB";

const unavailable = chromiumUnavailable();

/**
 * Registers a test that needs Chromium. Where there is none it is ignored, and a line on stderr says why; with the
 * environment variable `SKIP_LAB=required` it fails instead.
 */
export function browserTest(name: string, fn: () => Promise<void>): void {
  if (unavailable === undefined) return Deno.test(name, fn);
  if (Deno.env.get(POLICY) === "required") {
    return Deno.test(name, () => {
      throw new Error(`Cannot run in a browser, and ${POLICY}=required: ${unavailable}`);
    });
  }
  Deno.stderr.writeSync(new TextEncoder().encode(`skipped: ${name}: ${unavailable}\n`));
  Deno.test({ name, ignore: true, fn });
}
