/**
 * Runs one target, in batches that each have a seed of their own: so a finding comes again within a batch.
 *
 * @module
 */
import { asyncProperty, check, type RunDetails, sample, stringify } from "./_fast_check.ts";
import { type Silence, silence } from "./_silence.ts";
import type { FuzzTarget, Session } from "./_target.ts";

/** Cases in a batch: a finding comes again within so many. */
export const BATCH_CASES = 5_000;
/** No input that a stranger can send takes so long, at the best of several attempts. */
const MAX_CASE_MS = 100;
/** What seems to take longer than this, and than all before, is timed again. */
const DOUBTFUL_MS = 0.5;
const ATTEMPTS = 3;
/** Longer counterexamples say no more. */
const MAX_SHOWN = 4_000;

/** Options of {@linkcode fuzz}. */
export interface FuzzOptions {
  readonly cases: number;
  /** A whole number of 32 bits; that of the first batch. */
  readonly seed: number;
  /** No batch is begun after this time, by `performance.now()`. */
  readonly until?: number;
  /** Called before each case. */
  readonly onCase?: () => void;
  /** The time in milliseconds, for tests. @default performance.now() */
  readonly now?: () => number;
}

/** A broken promise. */
export interface Finding {
  /** With this seed and so many cases it comes again. */
  readonly seed: number;
  readonly cases: number;
  /** The smallest input that was found, as JavaScript. */
  readonly input: string;
  readonly error: string;
}

/** What became of a run. */
export interface Outcome {
  readonly name: string;
  readonly cases: number;
  readonly seed: number;
  readonly ms: number;
  /** What the slowest case took at its best. */
  readonly slowestMs: number;
  readonly finding?: Finding;
}

/** Runs cases until one breaks the promise, or there have been enough. Rejects only if the target cannot be opened. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<Outcome> {
  const { cases, seed, until = Infinity, onCase = () => {}, now = () => performance.now() } = options;
  const start = now();
  const session = await target.open();
  using silent = silence();
  const watch = new Stopwatch(session, silent, { onCase, now });
  let done = 0;
  let finding: Finding | undefined;
  try {
    for (let batch = 0; done < cases && !finding && now() < until; batch++) {
      const size = Math.min(BATCH_CASES, cases - done);
      finding = await runBatch(session, watch, { cases: size, seed: batchSeed(seed, batch) });
      done += finding ? finding.cases : size;
      await new Promise((resolve) => setTimeout(resolve)); // whatever waits has its turn
    }
  } finally {
    await session.close?.();
  }
  const { name } = target;
  const { slowestMs } = watch;
  return { name, cases: done, seed, ms: now() - start, slowestMs, ...(finding && { finding }) };
}

/** The seed of a batch, of 32 bits. */
export function batchSeed(seed: number, batch: number): number {
  return seed + batch | 0;
}

/** The input of a case that never ended: counted from 0 among all batches of a run. */
export async function inputOf(target: FuzzTarget, seed: number, index: number): Promise<string> {
  const session = await target.open();
  try {
    const within = index % BATCH_CASES;
    const options = { seed: batchSeed(seed, Math.floor(index / BATCH_CASES)), numRuns: within + 1 };
    return shown(sample(session.inputs, options)[within]);
  } finally {
    await session.close?.();
  }
}

async function runBatch(
  session: Session<unknown>,
  watch: Stopwatch,
  { cases, seed }: { cases: number; seed: number },
): Promise<Finding | undefined> {
  const property = asyncProperty(session.inputs, (input) => watch.time(input));
  const details = await check(property, { numRuns: cases, seed });
  return details.failed ? findingOf(details) : undefined;
}

function findingOf({ seed, numRuns, counterexample, errorInstance }: RunDetails<[unknown]>): Finding {
  const error = errorInstance instanceof Error ? errorInstance.stack ?? errorInstance.message : errorInstance;
  return { seed, cases: numRuns, input: shown(counterexample?.[0]), error: String(error) };
}

function shown(input: unknown): string {
  const text = stringify(input);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text;
}

/** Runs cases, and takes the time of each. */
class Stopwatch {
  slowestMs = 0;
  readonly #session: Session<unknown>;
  readonly #silence: Silence;
  readonly #onCase: () => void;
  readonly #now: () => number;

  constructor(
    session: Session<unknown>,
    silence: Silence,
    { onCase, now }: Required<Pick<FuzzOptions, "onCase" | "now">>,
  ) {
    this.#session = session;
    this.#silence = silence;
    this.#onCase = onCase;
    this.#now = now;
  }

  async time(input: unknown): Promise<void> {
    this.#onCase();
    let ms = await this.#run(input, this.#now);
    // The machine may have been busy with something else: then it is our own time that counts.
    const least = Math.max(DOUBTFUL_MS, this.slowestMs);
    for (let n = 0; ms > least && n < ATTEMPTS; n++) {
      ms = Math.min(ms, await this.#run(input, threadMs));
    }
    if (ms > this.slowestMs) this.slowestMs = ms;
    if (ms > MAX_CASE_MS) throw new Error(`It takes ${Math.round(ms)} ms`);
  }

  async #run(input: unknown, now: () => number): Promise<number> {
    const start = now();
    const heard = this.#silence.words.length;
    await this.#session.check(input);
    const ms = now() - start;
    // Whatever a stranger sends, nothing is printed: also not by a package, nor where what it throws is caught.
    const [words] = this.#silence.words.slice(heard);
    if (words !== undefined) throw new Error(`It writes to the console: ${words}`);
    return ms;
  }
}

/** How long this thread has had a processor, where the system tells; the time of day elsewhere. */
export function threadMs(): number {
  if (Deno.build.os !== "linux") return performance.now();
  const [ns] = Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ");
  return Number(ns) / 1e6;
}

/** A finding in words, with the command that shows it again. */
export function describeFinding(name: string, { seed, cases, input, error }: Finding): string {
  return `${name}: a promise is broken\n  input: ${input}\n  error: ${error}\n` +
    `  again: deno task fuzz ${name} --seed=${seed} --cases ${cases}`;
}
