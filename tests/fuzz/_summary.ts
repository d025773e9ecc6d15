import { describeFinding, type Outcome } from "./_run.ts";
import { TARGETS } from "./_targets.ts";

/** When and of what a summary is. */
export interface Occasion {
  /** `2026-11-27`. */
  readonly date: string;
  /** The commit. */
  readonly version: string;
}

/** A line for a person who waits. */
export function outcomeLine({ name, cases, seed, ms, slowestMs, finding }: Outcome): string {
  const mark = finding ? "✗ " : "ok";
  const speed = `${count(cases)} cases in ${(ms / 1000).toFixed(1)} s`;
  return `${mark} ${name.padEnd(18)} ${speed}, seed ${seed}, slowest ${slowestMs.toFixed(1)} ms`;
}

/**
 * The outcome of a run in Markdown: a table, and every finding in full. What the summary `before` says of other targets stays,
 * so that a long run may be done in parts.
 */
export function summary(outcomes: readonly Outcome[], occasion: Occasion, before = ""): string {
  const rows = rowsIn(before);
  for (const outcome of outcomes) rows.set(outcome.name, row(outcome, occasion));
  const known = TARGETS.flatMap(({ name }) => rows.get(name) ?? []);
  const findings = outcomes.flatMap(({ name, finding }) => finding ? [describeFinding(name, finding)] : []);
  return [
    "# Fuzzing",
    "",
    "The last run of each target by `deno task fuzz --write`. What each one promises: `deno task fuzz --list`. The slowest case is " +
    "what it took of a processor.",
    "",
    "| target | cases | findings | seed | slowest case | date | version |",
    "|---|---:|---:|---:|---:|---|---|",
    ...known,
    "",
    ...missing(rows),
    ...findings.flatMap((text) => ["```text", text, "```", ""]),
  ].join("\n");
}

function row({ name, cases, seed, slowestMs, finding }: Outcome, { date, version }: Occasion): string {
  const cells = [name, count(cases), finding ? 1 : 0, seed, `${slowestMs.toFixed(1)} ms`, date, version];
  return `| ${cells.join(" | ")} |`;
}

/** The rows of a table without its head, by their first cell, in the form in which they are written. */
function rowsIn(text: string): Map<string, string> {
  const rows = text.split("\n").filter((line) => line.startsWith("| ")).map((line) =>
    line.slice(1, -1).split("|").map((cell) => cell.trim())
  );
  const known = rows.filter(([, cases]) => /^[\d,]+$/.test(cases ?? ""));
  return new Map(known.map((cells) => [cells[0]!, `| ${cells.join(" | ")} |`]));
}

function missing(rows: ReadonlyMap<string, string>): string[] {
  const names = TARGETS.map(({ name }) => name).filter((name) => !rows.has(name));
  return names.length === 0 ? [] : [`Not run yet: ${names.join(", ")}.`, ""];
}

/** `1,000,000`. */
function count(n: number): string {
  return n.toLocaleString("en-US");
}
