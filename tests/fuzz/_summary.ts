import { describeFinding, type Outcome } from "./_run.ts";

/** When and of what a summary is. */
export interface Occasion {
  /** `2026-11-27`. */
  readonly date: string;
  /** The commit. */
  readonly version: string;
  /** `Linux, Deno 2.9.6`. */
  readonly machine: string;
}

/** A line for a person who waits. */
export function outcomeLine({ name, cases, seed, ms, slowestMs, finding }: Outcome): string {
  const mark = finding ? "✗ " : "ok";
  const speed = `${count(cases)} cases in ${(ms / 1000).toFixed(1)} s`;
  return `${mark} ${name.padEnd(18)} ${speed}, seed ${seed}, slowest ${slowestMs.toFixed(1)} ms`;
}

/** The outcome of a run in Markdown: a table, and every finding in full. */
export function summary(outcomes: readonly Outcome[], { date, version, machine }: Occasion): string {
  const rows = outcomes.map(({ name, cases, seed, ms, slowestMs, finding }) =>
    `| ${name} | ${count(cases)} | ${seed} | ${Math.round(ms / 1000)} s | ${slowestMs.toFixed(1)} ms | ${
      finding ? 1 : 0
    } |`
  );
  const findings = outcomes.flatMap(({ name, finding }) => finding ? [describeFinding(name, finding)] : []);
  const total = outcomes.reduce((sum, { cases }) => sum + cases, 0);
  return [
    "# Fuzzing",
    "",
    `\`deno task fuzz --write\` on ${date}, version ${version}, ${machine}: ${outcomes.length} targets, ${
      count(total)
    } cases, ` +
    `${findings.length} ${
      findings.length === 1 ? "finding" : "findings"
    }. What each target promises: \`deno task fuzz --list\`.`,
    "",
    "| target | cases | seed | time | slowest case | findings |",
    "|---|---:|---:|---:|---:|---:|",
    ...rows,
    "",
    ...findings.flatMap((text) => ["```text", text, "```", ""]),
  ].join("\n");
}

/** `1,000,000`. */
function count(n: number): string {
  return n.toLocaleString("en-US");
}
