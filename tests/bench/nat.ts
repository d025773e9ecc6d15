// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * `deno task bench:nat`: every kind of network against every other.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { replaceFile } from "../../tools/registry.ts";
import { ROOT } from "../../tools/run_flags.ts";
import { expectation } from "../lab/expectation.ts";
import { labUnavailable } from "../lab/mod.ts";
import {
  type Cell,
  cellName,
  type Conditions,
  everyCell,
  isAsExpected,
  isPromised,
  matrix,
  parsePairs,
  type Run,
  runsOf,
  sameConditions,
  USUAL,
} from "./_nat_cells.ts";
import { figuresTable, judge, matrixTable, surprises } from "./_nat_report.ts";
import { NatStage } from "./_nat_stage.ts";
import { codeVersion, NatStore } from "./_nat_store.ts";
import { inTurns } from "./_turns.ts";
import { writeSection } from "./_section.ts";
import { numberReader, refuseUnknown, runTask } from "../task.ts";

const HELP = `Every kind of network against every other (Linux, root)

Usage: deno task bench:nat [options]

  --pairs A-B,C-D  only these, serving first; * is any network
  --runs N         how often each (default: 10 where a figure is promised, else 3)
  --rtt MS         round trip between public addresses (default 50)
  --loss P         part of the packets that gets lost, 0 to 1 (default 0)
  --noise N        new flows a second that others open through the NATs (default 0)
  --jobs N         cells under way at once (default 6; fewer where a figure is promised)
  --file PATH      where results are kept (default .cache/nat-matrix.json)
  --fresh          forget what was measured; else a run that was stopped goes on where it was
  --write          put the tables into HOLEPUNCH.md and README.md

With none of --rtt, --loss and --noise it also measures what is promised under other conditions.
`;

const readNumber = numberReader("measure");

interface Wish {
  readonly cells: readonly Cell[];
  readonly runs: number | undefined;
  readonly jobs: number;
  readonly file: URL;
  readonly fresh: boolean;
  readonly write: boolean;
}

/** Throws `SyntaxError` for what cannot be measured; `null` asks for help. */
function parseWish(args: string[]): Wish | null {
  const parsed = parseArgs(args, {
    boolean: ["fresh", "write", "help"],
    string: ["pairs", "runs", "rtt", "loss", "noise", "jobs", "file"],
    default: { jobs: "6", file: ".cache/nat-matrix.json" },
    alias: { h: "help" },
    unknown: refuseUnknown("measure"),
  });
  if (parsed.help) return null;
  const conditions: Conditions = {
    rttMs: readNumber("rtt", parsed.rtt ?? `${USUAL.rttMs}`, { min: 0, max: 10_000 }),
    loss: readNumber("loss", parsed.loss ?? "0", { min: 0, max: 1 }),
    noise: readNumber("noise", parsed.noise ?? "0", { min: 0, max: 1000 }),
  };
  const all = [parsed.rtt, parsed.loss, parsed.noise].every((value) => value === undefined);
  const isWanted = parsed.pairs === undefined ? () => true : parsePairs(parsed.pairs);
  return {
    cells: (all ? everyCell() : matrix(conditions)).filter(isWanted),
    runs: parsed.runs === undefined ? undefined : readNumber("runs", parsed.runs, { min: 1, max: 1000 }),
    jobs: readNumber("jobs", parsed.jobs, { min: 1, max: 64 }),
    file: new URL(parsed.file, ROOT),
    fresh: parsed.fresh,
    write: parsed.write,
  };
}

/** Conditions one after the other, as they change the whole lab; within them several cells at a time. */
async function measure(wish: Wish, store: NatStore): Promise<void> {
  const wanted = wish.cells.filter((cell) =>
    (store.get(cellName(cell))?.runs.length ?? 0) < (wish.runs ?? runsOf(cell))
  );
  if (wanted.length === 0) return;
  const types = wanted.flatMap(({ serving, connecting }) => [serving, connecting]);
  await using stage = await NatStage.open([...new Set(types)]);
  for (let rest = wanted; rest.length > 0;) {
    const { conditions } = rest[0]!;
    await stage.setConditions(conditions);
    const same = rest.filter((cell) => sameConditions(cell.conditions, conditions));
    rest = rest.filter((cell) => !same.includes(cell));
    const run = (cell: Cell) => measureCell(cell, stage, store, wish);
    // What a figure is promised for has processors enough: else it is these that are measured.
    const promised = same.filter(isPromised);
    const others = same.filter((cell) => !isPromised(cell));
    await inTurns(promised, { jobs: Math.min(wish.jobs, jobsFor(conditions)), needs, run });
    await inTurns(others, { jobs: wish.jobs, needs, cost, run });
  }
}

/** As many pairs at once as there are processors; where nearly all the time is spent on the way, three times as many. */
function jobsFor({ rttMs }: Conditions): number {
  return navigator.hardwareConcurrency * (rttMs > 2 * USUAL.rttMs ? 3 : 1);
}

/** What may come to nothing takes ten times as long as the rest. */
function cost({ serving, connecting }: Cell): number {
  return expectation(serving, connecting).connects === "perhaps" ? 10 : 1;
}

/** Each machine takes part in one cell at a time, and one cell at a time may fill the processors. */
function needs({ serving, connecting }: Cell): readonly string[] {
  const expected = expectation(serving, connecting);
  const isHeavy = expected.connects === true && expected.by === "birthday";
  return [`serving ${serving}`, `connecting ${connecting}`, ...(isHeavy ? ["heavy"] : [])];
}

async function measureCell(cell: Cell, stage: NatStage, store: NatStore, wish: Wish): Promise<void> {
  const runs: Run[] = [];
  for (let i = 0; i < (wish.runs ?? runsOf(cell)); i++) runs.push(await stage.run(cell));
  await store.add({ ...cell, runs });
  const ms = runs.map(({ outcome, punchMs, overMs }) => outcome === "connected" ? punchMs! : overMs);
  const outcomes = [...new Set(runs.map(({ outcome, strategy }) => `${outcome} ${strategy ?? ""}`.trim()))];
  const mark = runs.every((run) => isAsExpected(cell, run)) ? "ok" : "✗ ";
  console.error(`${mark} ${cellName(cell)}: ${outcomes.join(", ")} ${ms.map((n) => n.toFixed(0)).join(" ")}`);
}

async function main(args: string[]): Promise<number> {
  const wish = parseWish(args);
  if (wish === null) {
    console.log(HELP);
    return 0;
  }
  const unavailable = labUnavailable();
  if (unavailable !== undefined) throw new SyntaxError(`Cannot make the lab: ${unavailable}`);
  const version = await codeVersion(ROOT);
  const store = await NatStore.open(wish.file, version, { fresh: wish.fresh });
  const start = performance.now();
  await measure(wish, store);
  const names = new Set(wish.cells.map(cellName));
  const cells = store.cells.filter((cell) => names.has(cellName(cell)));
  const verdicts = judge(cells);
  const [matrixText, figuresText] = [matrixTable(cells), figuresTable(verdicts)];
  console.log(`${matrixText}\n\n${figuresText}\n`);
  for (const { figure, failures } of verdicts) {
    for (const failure of failures) console.log(`- ${figure.name}: ${failure}`);
  }
  const wrong = surprises(cells);
  for (const line of wrong) console.log(`- ${line}`);
  console.error(
    `\n${cells.length} cells of version ${version}, ${((performance.now() - start) / 1000).toFixed(0)} s`,
  );
  if (wish.write) await write(matrixText, figuresText);
  return wrong.length === 0 && verdicts.every(({ failures }) => failures.length === 0) ? 0 : 1;
}

/** The matrix into the page about it, what came of the promises into the README, too. */
async function write(matrixText: string, figuresText: string): Promise<void> {
  const names = ["HOLEPUNCH.md", "README.md"];
  for (const name of names) {
    const file = new URL(name, ROOT);
    const text = writeSection(await Deno.readTextFile(file), "figures", figuresText);
    await replaceFile(file, name === "HOLEPUNCH.md" ? writeSection(text, "matrix", matrixText) : text);
  }
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", ...names], cwd: ROOT }).output();
}

if (import.meta.main) await runTask("bench:nat", main);
