// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * `deno task fuzz`: random inputs for every parser, until one breaks a promise.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { replaceFile } from "../../tools/registry.ts";
import { ROOT } from "../../tools/run_flags.ts";
import { codeVersion } from "../bench/_nat_store.ts";
import { describeFinding, type Outcome } from "./_run.ts";
import { outcomeLine, summary } from "./_summary.ts";
import type { FuzzTarget } from "./_target.ts";
import { TARGETS } from "./_targets.ts";
import { fuzzInWorker } from "./_watch.ts";
import { numberReader, refuseUnknown, runTask } from "../task.ts";

const HELP = `Random inputs for every parser, until one breaks a promise

Usage: deno task fuzz [NAME…] [options]

  --cases N    of each target (default 1000000)
  --seed N     a run with the same seed and as many cases is the same (default: by chance)
  --minutes N  at most so long for each target
  --jobs N     targets at once (default: one for each processor)
  --write      put the summary into tests/fuzz/RESULTS.md, else into .cache/fuzz.md; what it says of other targets stays
  --list       what each target promises
`;

const MAX_CASES = 1_000_000_000;
const MS_PER_MINUTE = 60_000;

interface Wish {
  readonly targets: readonly FuzzTarget[];
  readonly cases: number;
  readonly seed: number;
  readonly ms: number;
  readonly jobs: number;
  readonly summary: URL;
}

/** What was asked for; a text is the answer already. Throws `SyntaxError` for what makes no sense. */
function readWish(args: string[]): Wish | string {
  const parsed = parseArgs(args, {
    boolean: ["write", "list", "help"],
    string: ["_", "cases", "seed", "minutes", "jobs"],
    alias: { h: "help" },
    unknown: (flag: string, key?: string) => {
      if (key === undefined) return true;
      return refuseUnknown("fuzz")(flag);
    },
  });
  if (parsed.help) return HELP;
  const names = parsed._.map(String);
  const strange = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (strange !== undefined) throw new SyntaxError(`Cannot fuzz: there is no target "${strange}"`);
  const targets = TARGETS.filter(({ name }) => names.length === 0 || names.includes(name));
  if (parsed.list) return targets.map(({ name, promise }) => `${name.padEnd(18)} ${promise}\n`).join("");
  const number = (name: "cases" | "seed" | "minutes" | "jobs", otherwise: number, min: number, max: number) =>
    numberReader("fuzz")(name, parsed[name] ?? `${otherwise}`, { min, max });
  return {
    targets,
    cases: number("cases", 1_000_000, 1, MAX_CASES),
    seed: number("seed", crypto.getRandomValues(new Int32Array(1))[0]!, -(2 ** 31), 2 ** 31 - 1),
    ms: number("minutes", 1e6, 0, 1e6) * MS_PER_MINUTE,
    jobs: number("jobs", navigator.hardwareConcurrency, 1, 64),
    summary: new URL(parsed.write ? "tests/fuzz/RESULTS.md" : ".cache/fuzz.md", ROOT),
  };
}

/** Fuzzes the targets, the quickest first, some at a time; tells of each when it is done, and writes down what is known. */
async function run({ targets, cases, seed, ms, jobs, summary: file }: Wish): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = targets.toSorted((a, b) => a.cost - b.cost);
  const occasion = { date: new Date().toISOString().slice(0, 10), version: await codeVersion(ROOT) };
  const before = await Deno.readTextFile(file).catch(() => "");
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const outcome = await fuzzInWorker({ name: next.name, cases, seed, ms });
      outcomes.push(outcome);
      console.log(outcomeLine(outcome));
      if (outcome.finding) console.log(describeFinding(outcome.name, outcome.finding));
      await replaceFile(file, summary(outcomes, occasion, before));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", file.pathname], cwd: ROOT }).output();
  return outcomes;
}

async function main(args: string[]): Promise<number> {
  const wish = readWish(args);
  if (typeof wish === "string") {
    console.log(wish.trimEnd());
    return 0;
  }
  const start = performance.now();
  const outcomes = await run(wish);
  const broken = outcomes.filter(({ finding }) => finding).length;
  const cases = outcomes.reduce((sum, one) => sum + one.cases, 0).toLocaleString("en-US");
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`${outcomes.length} targets, ${cases} cases in ${seconds} s, ${broken} findings`);
  return broken === 0 ? 0 : 1;
}

if (import.meta.main) await runTask("fuzz", main);
