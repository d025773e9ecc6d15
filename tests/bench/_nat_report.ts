/**
 * The matrix and its figures as Markdown: pure functions of what was measured.
 *
 * @module
 */
import { expectation } from "../lab/expectation.ts";
import type { NatType } from "../lab/mod.ts";
import {
  type Figure,
  FIGURES,
  isAsExpected,
  type Measured,
  type Run,
  sameConditions,
  USUAL,
} from "./_nat_cells.ts";
import { median, table } from "./_statistics.ts";

/** What came of a figure. */
export interface Verdict {
  readonly figure: Figure;
  readonly cells: readonly Measured[];
  /** What did not hold, in words; empty where all did. */
  readonly failures: readonly string[];
}

/** Judges each figure that something was measured for. */
export function judge(cells: readonly Measured[]): Verdict[] {
  return FIGURES.map((figure) => {
    const spoken = cells.filter(({ serving, connecting, conditions }) =>
      figure.speaksOf(serving, connecting) && sameConditions(figure.conditions, conditions)
    );
    return {
      figure,
      cells: spoken,
      failures: [...spoken.flatMap((c) => ofCell(figure, c)), ...ofAll(figure, spoken)],
    };
  }).filter(({ cells }) => cells.length > 0);
}

function ofCell({ punchMs, connects, overMs, outcome }: Figure, cell: Measured): string[] {
  const name = `${cell.serving} – ${cell.connecting}`;
  const failures: string[] = [];
  const opened = cell.runs.filter(isConnected);
  if (connects !== undefined && opened.length < connects * cell.runs.length) {
    failures.push(`${name}: ${opened.length} of ${cell.runs.length} connected`);
  }
  const ms = punches(cell);
  if (punchMs !== undefined && ms.length > 0 && median(ms) > punchMs) {
    failures.push(`${name}: median ${median(ms).toFixed(0)} ms`);
  }
  const slowest = Math.max(...cell.runs.map((run) => run.overMs));
  if (overMs !== undefined && slowest > overMs) {
    failures.push(`${name}: over after ${slowest.toFixed(0)} ms`);
  }
  const other = cell.runs.find((run) => outcome !== undefined && run.outcome !== outcome);
  if (other) failures.push(`${name}: ${other.outcome}`);
  return failures;
}

function ofAll({ firstTry }: Figure, cells: readonly Measured[]): string[] {
  if (firstTry === undefined || cells.length === 0) return [];
  const { first, all } = firstTries(cells);
  return first < firstTry * all ? [`${first} of ${all} on the first try`] : [];
}

function firstTries(cells: readonly Measured[]): { first: number; all: number } {
  const runs = cells.flatMap((cell) => cell.runs);
  return { first: runs.filter((run) => run.attempts === 1).length, all: runs.length };
}

function isConnected({ outcome }: Run): boolean {
  return outcome === "connected";
}

function punches({ runs }: Measured): number[] {
  return runs.flatMap((run) => run.punchMs ?? []);
}

/** A line for each figure: what was measured, and whether it held. */
export function figuresTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ figure, cells, failures }) => {
    const runs = cells.flatMap((cell) => cell.runs);
    const ms = cells.flatMap(punches);
    const { first } = firstTries(cells);
    const medians = cells.map(punches).filter((values) => values.length > 0).map(median);
    return [
      figure.name,
      `${cells.length}`,
      promise(figure),
      figure.outcome === undefined
        ? `${runs.filter(isConnected).length} of ${runs.length}, ${first} on the first try`
        : `${runs.filter((run) => run.outcome === figure.outcome).length} of ${runs.length}`,
      ms.length > 0 ? `${median(ms).toFixed(0)} (${Math.max(...medians).toFixed(0)})` : "–",
      `${Math.max(...runs.map((run) => run.overMs)).toFixed(0)}`,
      failures.length === 0 ? "yes" : "**no**",
    ];
  });
  const head = [
    "pairs",
    "cells",
    "promised",
    "came to that",
    "punch, ms: median (worst cell's)",
    "slowest run, ms",
  ];
  return table([...head, "held"], rows);
}

function promise({ punchMs, connects, firstTry, overMs, outcome }: Figure): string {
  return [
    connects !== undefined && `${percent(connects)} connect`,
    firstTry !== undefined && `${percent(firstTry)} on the first try`,
    punchMs !== undefined && `punch ≤ ${punchMs} ms`,
    outcome !== undefined && `\`${outcome}\``,
    overMs !== undefined && `each run ≤ ${overMs} ms`,
  ].filter((words) => words !== false).join(", ");
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

const SHORT: Readonly<Record<string, string>> = { prediction: "pre", sweep: "swp", birthday: "bth" };

/** Serving peers downwards, connecting peers to the right: the median of each punch in milliseconds. */
export function matrixTable(cells: readonly Measured[]): string {
  const usual = cells.filter(({ conditions }) => sameConditions(conditions, USUAL));
  const serving = [...new Set(usual.map((cell) => cell.serving))];
  const connecting = [...new Set(usual.map((cell) => cell.connecting))];
  const text = (a: NatType, b: NatType) => {
    const cell = usual.find((c) => c.serving === a && c.connecting === b);
    return cell ? cellText(cell) : "";
  };
  return table(
    ["serving ↓ connecting →", ...connecting.map((type) => `\`${type}\``)],
    serving.map((a) => [`\`${a}\``, ...connecting.map((b) => text(a, b))]),
  );
}

/** `79`, `240 bth` for a birthday, `open` where no punch was needed, `no` where there is no path, `79 (2/3)` where not all runs came to the same. */
function cellText(cell: Measured): string {
  const { runs } = cell;
  const opened = runs.filter(isConnected);
  const mark = runs.every((run) => isAsExpected(cell, run)) ? "" : " ✗";
  if (opened.length === 0) return `no${mark}`;
  const strategy = SHORT[opened[0]!.strategy ?? "plain"];
  const some = opened.length < runs.length ? ` (${opened.length}/${runs.length})` : "";
  const ms = punches(cell);
  return `${ms.length > 0 ? median(ms).toFixed(0) : "open"}${strategy ? ` ${strategy}` : ""}${some}${mark}`;
}

/** Each run that came to something else than it had to, in words. */
export function surprises(cells: readonly Measured[]): string[] {
  return cells.flatMap((cell) => {
    const wrong = cell.runs.filter((run) => !isAsExpected(cell, run));
    if (wrong.length === 0) return [];
    const expected = expectation(cell.serving, cell.connecting);
    const outcomes = [...new Set(wrong.map(({ outcome, why }) => why ? `${outcome} (${why})` : outcome))]
      .join(", ");
    const { rttMs, loss, noise } = cell.conditions;
    const where = `${cell.serving} – ${cell.connecting} (${rttMs} ms, loss ${loss}, noise ${noise})`;
    const wish = expected.connects === true ? `connect by ${expected.by}` : "not connect";
    return [
      `${where}: ${outcomes} in ${wrong.length} of ${cell.runs.length}; must ${wish}: ${expected.reason}`,
    ];
  });
}
