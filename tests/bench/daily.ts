// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * `deno task bench:tunnel`: what `skip serve` and `skip forward` cost in everyday use.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { replaceFile } from "../../tools/registry.ts";
import { ROOT } from "../../tools/run_flags.ts";
import { labUnavailable } from "../lab/mod.ts";
import { measureLab } from "./_daily_lab.ts";
import { LOCAL_PARTS } from "./_daily_local.ts";
import { type DailyFigures, dailyTables, kernelVersion, linesOf } from "./_daily_report.ts";
import { type Loopback, loopbacks } from "./_loopback.ts";
import { startProgram } from "./_program.ts";
import { writeSection } from "./_section.ts";
import { measure as measureWays } from "./tunnel.ts";
import { wrkUnavailable } from "./_wrk.ts";
import { numberReader, refuseUnknown, runTask } from "../task.ts";

const HELP = `What skip serve and skip forward cost in everyday use

Usage: deno task bench:tunnel [PART…] [--rounds N] [--write]

  PART        http, hops, download, memory, connections, lab (default: all; lab takes Linux and root)
  --rounds N  how often each is measured, in turns (default 5; twice as often in the lab)
  --write     put the table into docs/NUMBERS.md
`;

const PARTS = [...Object.keys(LOCAL_PARTS), "lab"];
/** Parts that need the load generator. */
const LOADED = ["http", "hops"];

interface Wish {
  readonly parts: readonly string[];
  readonly rounds: number;
  readonly write: boolean;
}

/** Throws `SyntaxError` for what cannot be measured; `null` asks for help. */
function parseWish(args: string[]): Wish | null {
  const { _: named, help, rounds, write } = parseArgs(args, {
    boolean: ["help", "write"],
    string: ["rounds"],
    default: { rounds: "5" },
    alias: { h: "help" },
    unknown: (arg: string, key?: string) => {
      const known = key === undefined && PARTS.includes(arg);
      if (!known) refuseUnknown("measure")(arg);
    },
  });
  if (help) return null;
  const limits = { min: 1, max: 999, whole: true };
  return {
    parts: named.length > 0 ? named.map(String) : PARTS,
    rounds: numberReader("measure")("rounds", rounds, limits),
    write,
  };
}

/** Why a part cannot be measured here. */
function unavailable(part: string): string | undefined {
  return part === "lab" ? labUnavailable() : LOADED.includes(part) ? wrkUnavailable() : undefined;
}

async function measurePart(part: string, rounds: number, loopback: Loopback): Promise<DailyFigures> {
  if (part === "lab") return { lab: await measureLab(2 * rounds) };
  const script = new URL("./_daily_local.ts", import.meta.url);
  await using program = await startProgram(loopback, script, part, `${rounds}`);
  const { value } = await program.lines.next();
  await program.finish();
  const wss = part === "download" ? { wss: await measureWays(loopback, ["native"]) } : {};
  return { [part]: value, ...wss };
}

async function measure({ parts, rounds }: Wish, loopback: Loopback): Promise<DailyFigures> {
  let figures: DailyFigures = {};
  for (const part of parts) {
    const reason = unavailable(part);
    if (reason !== undefined) {
      console.error(`${part}: skipped: ${reason}`);
      continue;
    }
    const measured = await measurePart(part, rounds, loopback);
    for (const { what, measured: value } of linesOf(measured)) console.error(`${what}: ${value}`);
    figures = { ...figures, ...measured };
  }
  return figures;
}

function circumstances({ rounds }: Wish, { congestionControl }: Loopback, load: number): string {
  const { deno } = Deno.version;
  return `${new Date().toISOString().slice(0, 10)}, ${navigator.hardwareConcurrency} cores, Linux ` +
    `${
      kernelVersion(Deno.osRelease())
    }, Deno ${deno}, TCP congestion control ${congestionControl}, load average ` +
    `${load.toFixed(1)} before. Medians (least to most) of ${rounds} rounds in turns; in the lab of ` +
    `${
      2 * rounds
    }. The load generator is wrk with one thread; the server is \`Deno.serve\` with an answer of 24 ` +
    "bytes, in a process of its own, as are `skip serve` and `skip forward`; all of them share the cores.";
}

/** That of nearly every Linux, where it can be made. */
async function usual(): Promise<Loopback> {
  const all = await loopbacks();
  for (const one of all.slice(0, -1)) await one[Symbol.asyncDispose]();
  return all.at(-1)!;
}

async function main(args: string[]): Promise<number> {
  const wish = parseWish(args);
  if (wish === null) {
    console.log(HELP);
    return 0;
  }
  const [load] = Deno.loadavg();
  await using loopback = await usual();
  const figures = await measure(wish, loopback);
  const text = `${dailyTables(figures)}\n\n${circumstances(wish, loopback, load!)}`;
  console.log(text);
  if (wish.write) {
    const page = new URL("docs/NUMBERS.md", ROOT);
    await replaceFile(page, writeSection(await Deno.readTextFile(page), "daily", text));
    await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", "docs/NUMBERS.md"], cwd: ROOT })
      .output();
  }
  return linesOf(figures).every(({ held }) => held) ? 0 : 1;
}

if (import.meta.main) await runTask("bench:tunnel", main);
