// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * `deno task bench:faults`: what goes wrong, what the user sees of it, and how long it takes until it works again.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { replaceFile } from "../../tools/registry.ts";
import { ROOT } from "../../tools/run_flags.ts";
import { labUnavailable } from "../lab/mod.ts";
import { complaint, faultTable, type Tried } from "./_fault_report.ts";
import { FaultStage, World } from "./_fault_world.ts";
import { allFaults, type Fault, type Recovery } from "./_faults.ts";
import { writeSection } from "./_section.ts";
import { inTurns } from "./_turns.ts";
import { numberReader, refuseUnknown, runTask } from "../task.ts";

const HELP = `What goes wrong, what is seen of it, and how long until it works again (Linux, root)

Usage: deno task bench:faults [options]

  --only A,B   only these: ${allFaults().map(({ name }) => name).join(", ")}
  --runs N     how often each (default 3)
  --jobs N     how many at once (default 4)
  --brief      as short as the tests do it
  --fresh      forget what was measured of others before
  --write      put the table into FAULTS.md
`;
const STORE = new URL(".cache/faults.json", ROOT);

interface Wish {
  readonly faults: readonly Fault[];
  readonly runs: number;
  readonly jobs: number;
  readonly brief: boolean;
  readonly fresh: boolean;
  readonly write: boolean;
}

/** Throws `SyntaxError` for what cannot be done; `null` asks for help. */
function parseWish(args: string[]): Wish | null {
  const parsed = parseArgs(args, {
    boolean: ["brief", "fresh", "write", "help"],
    string: ["only", "runs", "jobs"],
    default: { runs: "3", jobs: "4" },
    unknown: refuseUnknown("measure"),
  });
  if (parsed.help) return null;
  const names = parsed.only?.split(",");
  const unknown = names?.find((name) => !allFaults().some((fault) => fault.name === name));
  if (unknown !== undefined) throw new SyntaxError(`Cannot measure: there is no fault "${unknown}"`);
  const readNumber = numberReader("measure");
  const runs = readNumber("runs", parsed.runs, { min: 1, max: 1000 });
  const jobs = readNumber("jobs", parsed.jobs, { min: 1, max: 64 });
  const { brief, fresh, write } = parsed;
  return {
    faults: allFaults().filter(({ name }) => names?.includes(name) ?? true),
    runs,
    jobs,
    brief,
    fresh,
    write,
  };
}

/** Does one fault once; one that is for all has a lab of its own. */
async function tryOnce(fault: Fault, shared: () => Promise<FaultStage>, brief: boolean): Promise<Recovery> {
  await using stack = new AsyncDisposableStack();
  const stage = fault.isGlobal ? stack.use(await FaultStage.open()) : await shared();
  const world = stack.use(await World.create(stage));
  return await fault.run(world, (brief ? fault.triedMs : fault.lastsMs) ?? 0);
}

async function measure({ faults, runs, jobs, brief }: Wish): Promise<Tried[]> {
  await using stack = new AsyncDisposableStack();
  let opening: Promise<FaultStage> | undefined;
  const shared = () => opening ??= FaultStage.open().then((stage) => stack.use(stage));
  const tried = new Map(
    faults.map(({ name }) => [name, { recoveries: [] as Recovery[], failures: [] as string[] }]),
  );
  // The long ones first: the others fit in beside them.
  const all = faults.toSorted((a, b) => (b.lastsMs ?? 0) - (a.lastsMs ?? 0))
    .flatMap((fault) => Array.from({ length: runs }, (_, n) => ({ fault, n })));
  await inTurns(all, {
    jobs,
    needs: () => [],
    run: async ({ fault, n }) => {
      const { recoveries, failures } = tried.get(fault.name)!;
      try {
        const recovery = await tryOnce(fault, shared, brief);
        recoveries.push(recovery);
        const wrong = complaint(fault, recovery);
        const text = `${recovery.worksAfterMs.toFixed(0)} ms, ${recovery.seen.join("; ") || "nothing seen"}`;
        console.error(`${wrong ? "✗ " : "ok"} ${fault.name} ${n + 1}: ${wrong ?? text}`);
      } catch (error) {
        failures.push(String(error));
        console.error(`✗  ${fault.name} ${n + 1}: ${error}`);
      }
    },
  });
  return faults.map(({ name }) => ({ name, ...tried.get(name)! }));
}

/** Rows that were measured before, and now. */
async function merge(fresh: boolean, now: readonly Tried[]): Promise<Tried[]> {
  const before: Tried[] = fresh ? [] : await Deno.readTextFile(STORE).then(JSON.parse, () => []);
  const merged = [...before.filter(({ name }) => !now.some((one) => one.name === name)), ...now];
  await replaceFile(STORE, JSON.stringify(merged, null, 1));
  return merged;
}

/** Gives the exit code. */
async function main(args: string[]): Promise<number> {
  const wish = parseWish(args);
  if (wish === null) {
    console.log(HELP);
    return 0;
  }
  const unavailable = labUnavailable();
  if (unavailable !== undefined) throw new SyntaxError(`Cannot make the lab: ${unavailable}`);
  const now = await measure(wish);
  const all = wish.brief ? now : await merge(wish.fresh, now);
  const text = faultTable(allFaults(), all);
  console.log(text);
  if (wish.write && !wish.brief) await write(text);
  const isWrong = ({ name, recoveries, failures }: Tried) =>
    failures.length > 0 ||
    recoveries.some((r) => complaint(wish.faults.find((fault) => fault.name === name)!, r));
  return now.some(isWrong) ? 1 : 0;
}

async function write(text: string): Promise<void> {
  const file = new URL("FAULTS.md", ROOT);
  const date = new Date().toISOString().slice(0, 10);
  const load = Deno.loadavg()[2]!.toFixed(0);
  const circumstances =
    `${date}, ${navigator.hardwareConcurrency} processors, load average ${load}. Medians ` +
    "(least to most).";
  await replaceFile(
    file,
    writeSection(await Deno.readTextFile(file), "faults", `${text}\n\n${circumstances}`),
  );
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", "FAULTS.md"], cwd: ROOT }).output();
}

if (import.meta.main) await runTask("bench:faults", main);
