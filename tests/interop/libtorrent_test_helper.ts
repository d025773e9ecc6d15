import { labTest } from "../lab/lab_test_helper.ts";
import { libtorrentUnavailable } from "./libtorrent.ts";

/** Set to `required` where a test that cannot run is a failure, as in CI; the same as for the lab. */
const POLICY = "SKIP_LAB";

const unavailable = libtorrentUnavailable();

type TestFunction = (t: Deno.TestContext) => void | Promise<void>;

/**
 * Registers a test that needs libtorrent. Where there is none it is ignored, and a line on stderr says why;
 * with the environment variable `SKIP_LAB=required` it fails instead.
 */
export function libtorrentTest(name: string, fn: TestFunction): void {
  if (unavailable === undefined) return Deno.test(name, fn);
  if (Deno.env.get(POLICY) === "required") {
    return Deno.test(name, () => {
      throw new Error(`Cannot run with libtorrent, and ${POLICY}=required: ${unavailable}`);
    });
  }
  Deno.stderr.writeSync(new TextEncoder().encode(`skipped: ${name}: ${unavailable}\n`));
  Deno.test({ name, ignore: true, fn });
}

/** Registers a test that needs both libtorrent and the lab. */
export function libtorrentLabTest(name: string, fn: TestFunction): void {
  if (unavailable === undefined) labTest(name, fn);
  else libtorrentTest(name, fn);
}
