// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * `deno task soak`: for minutes or hours, random pairs of networks connect while things go wrong.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { delay } from "@std/async";
import { replaceFile } from "../../tools/registry.ts";
import { ROOT } from "../../tools/run_flags.ts";
import { codeVersion } from "../bench/_nat_store.ts";
import { FaultStage } from "../bench/_fault_world.ts";
import { writeSection } from "../bench/_section.ts";
import { labUnavailable } from "../lab/mod.ts";
import { runLastingPair } from "./_lasting_pair.ts";
import { SoakLog } from "./_log.ts";
import { strainText } from "./_machine.ts";
import { Places, runPairs } from "./_pairs.ts";
import { Dice } from "./_random.ts";
import { summarize, type Summary, summaryText } from "./_summary.ts";
import { Weather } from "./_weather.ts";
import { numberReader, refuseUnknown, runTask } from "../task.ts";

const HELP = `Random pairs of networks connect while things go wrong (Linux, root)

Usage: deno task soak [options]

  --minutes N  how long (default 120)
  --seed N     decides what is tried (default: the time)
  --jobs N     pairs at once, beside the one that lasts (default 2)
  --write      keep the summary in tests/soak/soak.json and FAULTS.md; else in .cache/soak.json alone

Ctrl-C ends it early, with a summary.
`;
const LIVE = new URL(".cache/soak.json", ROOT);
const KEPT = new URL("tests/soak/soak.json", ROOT);
const REPORT_INTERVAL_MS = 60_000;

interface Wish {
  readonly minutes: number;
  readonly seed: number;
  readonly jobs: number;
  readonly write: boolean;
}

/** Throws `SyntaxError` for what cannot be done; `null` asks for help. */
function parseWish(args: string[]): Wish | null {
  const parsed = parseArgs(args, {
    boolean: ["write", "help"],
    string: ["minutes", "seed", "jobs"],
    default: { minutes: "120", seed: `${Date.now() % 1_000_000}`, jobs: "2" },
    unknown: refuseUnknown("soak"),
  });
  if (parsed.help) return null;
  const readNumber = numberReader("soak");
  return {
    minutes: readNumber("minutes", parsed.minutes, { min: 0.1, max: 100_000 }),
    seed: readNumber("seed", parsed.seed, {
      min: -Number.MAX_SAFE_INTEGER,
      max: Number.MAX_SAFE_INTEGER,
      whole: true,
    }),
    jobs: readNumber("jobs", parsed.jobs, { min: 1, max: 64 }),
    write: parsed.write,
  };
}

/** Resolves once the time is up, or at Ctrl-C. */
async function soak(
  { minutes, seed, jobs }: Wish,
  log: SoakLog,
  onMinute: () => Promise<void>,
): Promise<void> {
  await using stage = await FaultStage.open({ seed: `${seed}` });
  const places = await Places.create(stage);
  const over = new AbortController();
  const end = () => over.abort();
  const { signal } = over;
  const timer = setTimeout(end, minutes * 60_000);
  Deno.addSignalListener("SIGINT", end);
  Deno.addSignalListener("SIGTERM", end);
  const weather = new Weather(stage, new Dice(seed, "weather"));
  const around = { stage, places, log, signal, weather };
  const fail = (what: string) => (error: unknown) => log.fail({ what, came: String(error), since: 0 });
  try {
    await Promise.all([
      log.machine.run(signal),
      runLastingPair(stage, { ...around, dice: new Dice(seed, "lasting") })
        .catch(fail("the pair that lasts")),
      ...Array.from({ length: jobs }, (_, n) => runPairs({ ...around, dice: new Dice(seed, `pair ${n}`) })),
      weather.run(log, signal).catch(fail("the weather")),
      everyMinute(onMinute, signal),
    ]);
  } finally {
    end();
    clearTimeout(timer);
    Deno.removeSignalListener("SIGINT", end);
    Deno.removeSignalListener("SIGTERM", end);
  }
}

async function everyMinute(report: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(REPORT_INTERVAL_MS, { signal }).catch(() => {});
    await report();
  }
}

function oneLine(
  { minutes, connects, questions, starts, unexplained, starved, troubled, processes, machine }: Summary,
): string {
  const memory = Object.entries(processes).map(([name, { rssMb }]) => `${name} ${rssMb.last} MB`).join(", ");
  return `${minutes} min: ${connects.attempted} connects, ${connects.firstTry} at once, ${connects.secondTry} at the ` +
    `second try; ${starts.succeeded} of ${starts.attempted} served; ${questions.succeeded} of ` +
    `${questions.attempted} answered; ${unexplained.length} unexplained, ${starved.length} for want of time, ` +
    `${troubled.length} in trouble; ${memory}; ${strainText(machine)}`;
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
  const version = await codeVersion(ROOT);
  const log = new SoakLog();
  const summaryNow = () =>
    summarize(log, {
      ...{ version, seed: wish.seed },
      date: new Date().toISOString().slice(0, 10),
      processors: navigator.hardwareConcurrency,
    });
  await soak(wish, log, async () => {
    const summary = summaryNow();
    console.error(oneLine(summary));
    await replaceFile(LIVE, JSON.stringify(summary, null, 2));
  }).catch((error) => {
    if (log.starts.attempted === 0) throw error;
    log.fail({ what: "the run itself", came: String(error), since: 0 }); // hours of it are not to be lost
  });
  const summary = summaryNow();
  console.log(summaryText(summary));
  await replaceFile(LIVE, JSON.stringify(summary, null, 2));
  if (wish.write) await write(summary);
  return summary.unexplained.length === 0 ? 0 : 1;
}

async function write(summary: Summary): Promise<void> {
  await replaceFile(KEPT, JSON.stringify(summary, null, 2));
  const file = new URL("FAULTS.md", ROOT);
  await replaceFile(file, writeSection(await Deno.readTextFile(file), "soak", summaryText(summary)));
  const args = ["fmt", "--quiet", "FAULTS.md", "tests/soak/soak.json"];
  await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
}

if (import.meta.main) await runTask("soak", main);
