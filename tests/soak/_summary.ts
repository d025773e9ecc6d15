/**
 * A run in short, as an object that is kept and as Markdown: pure functions of the log.
 *
 * @module
 */
import { median, table } from "../bench/_statistics.ts";
import type { Incident, Sample, SoakLog, Tally } from "./_log.ts";
import { type Strain, strainText } from "./_machine.ts";

/** How a figure of a process went. */
export interface Course {
  /** Median of the first tenth after the warm-up. */
  readonly first: number;
  /** Median of the last tenth. */
  readonly last: number;
  readonly most: number;
  /** Slope of the line through all after the warm-up. */
  readonly perHour: number;
}

/** How a process went. */
export interface Courses {
  /** All that is in memory. */
  readonly rssMb: Course;
  /** What of it no file backs. */
  readonly ownMb: Course;
  readonly descriptors: Course;
}

/** What a run came to. */
export interface Summary {
  readonly date: string;
  readonly version: string;
  readonly minutes: number;
  readonly seed: number;
  readonly processors: number;
  readonly connects: { readonly attempted: number; readonly firstTry: number; readonly secondTry: number };
  /** By the fault that went on meanwhile. */
  readonly byFault: Readonly<Record<string, Tally>>;
  readonly starts: Tally;
  /** While nothing was wrong. */
  readonly questions: Tally;
  /** The others, by what was wrong, or could still be felt. */
  readonly questionsInTrouble: Readonly<Record<string, Tally>>;
  readonly recoveries: Readonly<
    Record<string, { readonly count: number; readonly medianMs: number; readonly mostMs: number }>
  >;
  readonly processes: Readonly<Record<string, Courses>>;
  /** How often something went wrong for all at once. */
  readonly weather: Readonly<Record<string, number>>;
  /** Whether it had time for all this. */
  readonly machine: Strain;
  readonly retried: readonly Incident[];
  readonly unexplained: readonly Incident[];
  /** What was wrong on purpose explains these. */
  readonly troubled: readonly Incident[];
  /** The machine had no time. */
  readonly starved: readonly Incident[];
}

/** What a process takes for its start is no leak: this part of the samples does not count. */
const WARM_UP = 0.25;

/** Makes the summary. */
export function summarize(
  log: SoakLog,
  about: Pick<Summary, "date" | "version" | "seed" | "processors">,
): Summary {
  const { attempted, succeeded: firstTry } = total(log.connects.values());
  const { "": questions = NONE, ...questionsInTrouble } = Object.fromEntries(log.questions);
  return {
    ...about,
    minutes: round(log.seconds / 60),
    connects: { attempted, firstTry, secondTry: log.secondTries },
    byFault: Object.fromEntries(log.connects),
    starts: log.starts,
    ...{ questions, questionsInTrouble },
    recoveries: mapValues(log.recoveries, (all) => ({
      count: all.length,
      medianMs: Math.round(median(all)),
      mostMs: Math.round(Math.max(...all)),
    })),
    processes: mapValues(log.samples, (samples) => ({
      rssMb: course(samples, ({ rssBytes }) => rssBytes / 1e6),
      ownMb: course(samples, ({ ownBytes }) => ownBytes / 1e6),
      descriptors: course(samples, ({ descriptors }) => descriptors),
    })),
    weather: Object.fromEntries(log.weather),
    machine: log.machine.overall,
    retried: log.retried,
    unexplained: log.unexplained,
    troubled: log.troubled,
    starved: log.starved,
  };
}

const NONE: Tally = { attempted: 0, succeeded: 0 };

function total(tallies: Iterable<Tally>): Tally {
  const sum = { ...NONE };
  for (const { attempted, succeeded } of tallies) {
    sum.attempted += attempted;
    sum.succeeded += succeeded;
  }
  return sum;
}

function mapValues<T, U>(map: ReadonlyMap<string, T>, to: (value: T) => U): Record<string, U> {
  return Object.fromEntries([...map].map(([key, value]) => [key, to(value)]));
}

/** How a figure went over time. */
export function course(samples: readonly Sample[], of: (sample: Sample) => number): Course {
  const counted = samples.slice(Math.floor(samples.length * WARM_UP));
  const tenth = Math.max(1, Math.floor(counted.length / 10));
  const medianOf = (some: readonly Sample[]) => round(median(some.map(of)));
  return {
    first: medianOf(counted.slice(0, tenth)),
    last: medianOf(counted.slice(-tenth)),
    most: round(Math.max(...samples.map(of))),
    perHour: round(3600 * slope(counted.map((sample) => [sample.atSeconds, of(sample)]))),
  };
}

/** Of the line with the least squares; 0 where there is none. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (i: 0 | 1) => points.reduce((sum, point) => sum + point[i], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  const under = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return under === 0 ? 0 : over / under;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The summary for people. */
export function summaryText(summary: Summary): string {
  const { date, minutes, version, seed, processors, machine } = summary;
  const { unexplained, starved, troubled, retried } = summary;
  return [
    `${date}, ${minutes} minutes, version ${version}, seed ${seed}, ${processors} processors; ${
      strainText(machine)
    }.`,
    figuresTable(summary),
    recoveriesTable(summary),
    processesTable(summary),
    ...listed("What did not work, and nothing explains", unexplained),
    ...listed("What did not work while the processes were kept waiting", starved),
    ...listed("What did not work while something was wrong on purpose, or could still be felt", troubled),
    ...listed("What did not work at the first try", retried),
  ].join("\n\n");
}

function figuresTable(
  { connects, questions, questionsInTrouble, starts, weather, unexplained, troubled, starved }: Summary,
): string {
  const inTrouble = total(Object.values(questionsInTrouble));
  return table(["", "count"], [
    ["connects that had to work", `${connects.attempted}`],
    ["worked at the first try", `${connects.firstTry}`],
    ["worked at the second try", `${connects.secondTry}`],
    ["serving peers started, ready", `${starts.attempted}, ${starts.succeeded}`],
    [
      "questions through a \`forward\` that lasts, answered",
      `${questions.attempted}, ${questions.succeeded}`,
    ],
    [
      "the same while something was wrong, or could still be felt",
      `${inTrouble.attempted}, ${inTrouble.succeeded}`,
    ],
    ...Object.entries(weather).map(([name, count]) => [`times of ${name}, for all`, `${count}`]),
    ["failures that nothing explains", `${unexplained.length}`],
    ["failures while the machine kept the processes waiting", `${starved.length}`],
    ["failures that what was wrong on purpose explains", `${troubled.length}`],
  ]);
}

function recoveriesTable({ recoveries }: Summary): string {
  return table(
    ["fault of the pair that lasts", "times", "works again after, s: median (most)"],
    Object.entries(recoveries).map(([name, { count, medianMs, mostMs }]) => [
      name,
      `${count}`,
      `${(medianMs / 1000).toFixed(1)} (${(mostMs / 1000).toFixed(1)})`,
    ]),
  );
}

function processesTable({ processes }: Summary): string {
  const cells = (of: Course) => [[of.first, of.last, of.most].join(", "), signed(of.perHour)];
  return table(
    [
      "process",
      ...["memory, MB: first, last, most", "an hour"],
      ...["of it no file's", "an hour"],
      ...["descriptors", "an hour"],
    ],
    Object.entries(processes).map(([name, { rssMb, ownMb, descriptors }]) => [
      `\`${name}\``,
      ...[rssMb, ownMb, descriptors].flatMap(cells),
    ]),
  );
}

/** A paragraph, if there is anything to be told. */
function listed(title: string, incidents: readonly Incident[]): string[] {
  return incidents.length === 0 ? [] : [`${title}:\n\n${grouped(incidents).join("\n")}`];
}

/** A line for each kind. */
function grouped(incidents: readonly Incident[]): string[] {
  const kinds = Map.groupBy(incidents, ({ what, came }) => `${what}: ${came}`);
  return [...kinds].map(([words, all]) => {
    const [first, last] = [all[0]!.atSeconds, all.at(-1)!.atSeconds];
    const when = all.length === 1 ? `after ${first} s` : `${all.length} times, after ${first} to ${last} s`;
    return `- ${when}, ${words}${circumstances(all)}`;
  });
}

/** What was wrong with any of them, and how the machine was at the worst of them. */
function circumstances(all: readonly Incident[]): string {
  const explained = [...new Set(all.flatMap((incident) => incident.explained ?? []))];
  const [worst] = all.flatMap(({ machine }) => machine ?? []).sort((a, b) => b.overdue - a.overdue);
  const words = [...explained, ...(worst ? [strainText(worst)] : [])];
  return words.length > 0 ? ` [${words.join("; ")}]` : "";
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : `${value}`;
}
