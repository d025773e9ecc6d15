/**
 * How often a record is found, and how fast, in a DHT of which 18 of 60 nodes are hostile, in simulated time with a round trip
 * of 50 ms.
 *
 * @module
 */
import { replaceFile } from "../../tools/registry.ts";
import { ROOT } from "../../tools/run_flags.ts";
import { ALL_AT_ONCE, ATTACKS, meetings } from "../discovery/_attacks.ts";
import type { Meeting } from "../discovery/_meeting.ts";
import { writeSection } from "./_section.ts";
import { median, table } from "./_statistics.ts";

/** Where the table goes. */
const PAGE = new URL("docs/NUMBERS.md", ROOT);
const MEETINGS_PER_NETWORK = 8;

/** Has `runs` meetings under all attacks at once, a fifth of it under each alone; gives the table, and writes it into docs/NUMBERS.md. */
export async function benchHostile(runs: number): Promise<string> {
  const rows: string[][] = [];
  for (const attack of [...ATTACKS, ALL_AT_ONCE]) {
    const count = attack === ALL_AT_ONCE ? runs : runs / 5;
    const all = await meetings(attack, Math.ceil(count / MEETINGS_PER_NETWORK), MEETINGS_PER_NETWORK);
    rows.push([attack.name, ...figures(all)]);
  }
  const head = [
    "18 of 60 nodes",
    "runs",
    "newest record",
    "lookup, ms",
    "dialled",
    "knock to dial, ms",
    "others dialled",
  ];
  const text = table(head, rows);
  await replaceFile(PAGE, writeSection(await Deno.readTextFile(PAGE), "hostile", text));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", PAGE.pathname] }).output();
  return text;
}

/** Of meetings under one attack: how many, found, how fast, dialled, how fast, and third parties that were dialled. */
export function figures(all: readonly Meeting[]): string[] {
  const found = all.filter(({ version }) => version === 2);
  const dialled = all.flatMap(({ dialledMs }) => dialledMs ?? []);
  const strangers = all.flatMap((meeting) => meeting.strangers);
  return [
    `${all.length}`,
    share(found.length, all.length),
    times(found.map(({ lookupMs }) => lookupMs)),
    share(dialled.length, all.length),
    times(dialled),
    `${strangers.length}`,
  ];
}

function share(part: number, all: number): string {
  return `${Math.floor(1000 * part / all) / 10} %`;
}

/** The median, and what nine of ten stay under. */
function times(ms: readonly number[]): string {
  if (ms.length === 0) return "–";
  const sorted = [...ms].sort((a, b) => a - b);
  return `${median(sorted)} (${sorted[Math.ceil(0.9 * sorted.length) - 1]})`;
}
