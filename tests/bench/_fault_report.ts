/**
 * What came of faults, as Markdown: pure functions of what was measured.
 *
 * @module
 */
import type { Fault, Recovery } from "./_faults.ts";
import { median, table } from "./_statistics.ts";

/** What came of one fault, each time. */
export interface Tried {
  /** Name of the fault. */
  readonly name: string;
  readonly recoveries: readonly Recovery[];
  /** Errors of the runs in which it did not work again. */
  readonly failures: readonly string[];
}

/** A line for each fault that was tried. */
export function faultTable(faults: readonly Fault[], tried: readonly Tried[]): string {
  const rows = faults.flatMap((fault) => {
    const one = tried.find(({ name }) => name === fault.name);
    return one ? [row(fault, one)] : [];
  });
  return table(["what happens", "for", "what the user sees", "works again after, s", "runs"], rows);
}

function row({ what, lastsMs }: Fault, { recoveries, failures }: Tried): string[] {
  const runs = recoveries.length + failures.length;
  const worked = failures.length === 0 ? `${runs}` : `**${recoveries.length} of ${runs}**`;
  return [
    what,
    lastsMs === undefined ? "–" : span(lastsMs),
    seenText(recoveries),
    timeText(recoveries),
    worked,
  ];
}

/** What was seen each time, then what was seen some of the times. */
function seenText(recoveries: readonly Recovery[]): string {
  const all = [...new Set(recoveries.flatMap(({ seen }) => seen))];
  const count = (words: string) => recoveries.filter(({ seen }) => seen.includes(words)).length;
  const texts = all.sort((a, b) => count(b) - count(a)).map((words) =>
    count(words) === recoveries.length ? words : `${words} (${count(words)} of ${recoveries.length})`
  );
  return texts.join("; ") || "nothing";
}

function timeText(recoveries: readonly Recovery[]): string {
  if (recoveries.length === 0) return "never";
  const seconds = recoveries.map(({ worksAfterMs }) => worksAfterMs / 1000);
  const [least, most] = [Math.min(...seconds), Math.max(...seconds)].map((s) => s.toFixed(1));
  const middle = median(seconds).toFixed(1);
  return least === most ? middle : `${middle} (${least} to ${most})`;
}

/** `20 s`, `5 min`. */
function span(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** What does not hold of a run, in words; nothing where all does. A machine that is busy may take so many times as long. */
export function complaint(
  { name, shows, worksWithinMs }: Fault,
  { seen, worksAfterMs }: Recovery,
  patience = 1,
): string | undefined {
  if (shows !== undefined && !seen.includes(shows)) {
    return `${name}: shows ${JSON.stringify(seen)}, not ${shows}`;
  }
  if (worksAfterMs > patience * worksWithinMs) {
    return `${name}: works only after ${worksAfterMs.toFixed(0)} ms`;
  }
  return undefined;
}
