/**
 * The load generator: wrk (Debian: `apt-get install wrk`).
 *
 * @see {@link https://github.com/wg/wrk}
 * @module
 */

/** How much load, and for how long. */
export interface Load {
  /** Connections, each of which sends its next request once it has the answer. */
  readonly connections: number;
  readonly seconds: number;
}

/** What wrk saw. */
export interface LoadFigures {
  readonly requestsPerSecond: number;
  /** From a request to its answer. */
  readonly medianMs: number;
}

const UNITS_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

/** Why there can be no load; `undefined` if there can. */
export function wrkUnavailable(): string | undefined {
  try {
    new Deno.Command("wrk", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return undefined;
  } catch {
    return "no wrk in the PATH (Debian: apt-get install --no-install-recommends wrk)";
  }
}

/** Asks for `url` again and again. Throws `Error` with all that wrk said if an answer was missing, or was an error. */
export async function load(url: string, { connections, seconds }: Load): Promise<LoadFigures> {
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency", url];
  const { stdout, stderr } = await new Deno.Command("wrk", { args }).output();
  const text = new TextDecoder();
  return readFigures(text.decode(stdout) + text.decode(stderr));
}

/** Reads what wrk prints. Throws `Error` if it is not what a run without a fault prints. */
export function readFigures(text: string): LoadFigures {
  const rate = text.match(/^Requests\/sec: +([\d.]+)$/m);
  const median = text.match(/^ +50% +([\d.]+)(us|ms|s)$/m);
  if (!rate || !median || /Socket errors|Non-2xx/.test(text)) {
    throw new Error(`Cannot take the figures: wrk says "${text.trim()}"`);
  }
  return { requestsPerSecond: Number(rate[1]), medianMs: Number(median[1]) * UNITS_MS[median[2]!]! };
}
