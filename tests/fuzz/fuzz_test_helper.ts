import { describeFinding, fuzz } from "./_run.ts";
import type { FuzzTarget } from "./_target.ts";

/** Set to another number of cases for each target: a longer run without another command. */
const CASES = "SKIP_FUZZ_CASES";
/** Of a target of cost 1; all targets together take some 25 s of one processor. */
const DEFAULT_CASES = 4_000;
/** Even a case that takes long is tried so often. */
const LEAST_CASES = 100;
/** The same in every run: a test must not fail by chance. `deno task fuzz` takes another one each time. */
const SEED = 20_261_127;

/** Registers a test for each target: some cases, always the same. */
export function fuzzTests(targets: readonly FuzzTarget[]): void {
  const usual = Number(Deno.env.get(CASES) ?? DEFAULT_CASES);
  for (const target of targets) {
    Deno.test(`fuzz ${target.name}: ${target.promise}`, async () => {
      const cases = Math.max(LEAST_CASES, Math.round(usual / target.cost));
      const { finding } = await fuzz(target, { cases, seed: SEED });
      if (finding) throw new Error(describeFinding(target.name, finding));
    });
  }
}
