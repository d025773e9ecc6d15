/**
 * A run in short, as an object that is kept and as Markdown: pure functions of the log.
 *
 * @module
 */
import { median, table } from "../bench/_statistics.ts";
import type { Incident, Sample, SoakLog, Tally } from "./_log.ts";

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
  readonly questions: Tally;
  readonly recoveries: Readonly<
    Record<string, { readonly count: number; readonly medianMs: number; readonly mostMs: number }>
  >;
  readonly processes: Readonly<Record<string, { readonly rssMb: Course; readonly descriptors: Course }>>;
  /** How often something went wrong for all at once. */
  readonly weather: Readonly<Record<string, number>>;
  readonly retried: readonly Incident[];
  readonly unexplained: readonly Incident[];
}

/** What a process takes for its start is no leak: this part of the samples does not count. */
const WARM_UP = 0.25;

/** Makes the summary. */
export function summarize(
  log: SoakLog,
  about: Pick<Summary, "date" | "version" | "seed" | "processors">,
): Summary {
  const tallies = [...log.connects.values()];
  const sum = (of: (tally: Tally) => number) => tallies.reduce((all, tally) => all + of(tally), 0);
  return {
    ...about,
    minutes: round(log.seconds / 60),
    connects: {
      attempted: sum(({ attempted }) => attempted),
      firstTry: sum(({ succeeded }) => succeeded),
      secondTry: log.secondTries,
    },
    byFault: Object.fromEntries(log.connects),
    starts: log.starts,
    questions: log.questions,
    recoveries: mapValues(log.recoveries, (all) => ({
      count: all.length,
      medianMs: Math.round(median(all)),
      mostMs: Math.round(Math.max(...all)),
    })),
    processes: mapValues(log.samples, (samples) => ({
      rssMb: course(samples, ({ rssBytes }) => rssBytes / 1e6),
      descriptors: course(samples, ({ descriptors }) => descriptors),
    })),
    weather: Object.fromEntries(log.weather),
    retried: log.retried,
    unexplained: log.unexplained,
  };
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
  const { connects, starts, questions, unexplained, retried } = summary;
  const figures = [
    ["connects that had to work", `${connects.attempted}`],
    ["worked at the first try", `${connects.firstTry}`],
    ["worked at the second try", `${connects.secondTry}`],
    ["serving peers started, ready", `${starts.attempted}, ${starts.succeeded}`],
    [
      "questions through a \`forward\` that lasts, answered",
      `${questions.attempted}, ${questions.succeeded}`,
    ],
    ...Object.entries(summary.weather).map(([name, count]) => [`times of ${name}, for all`, `${count}`]),
    ["failures that nothing explains", `${unexplained.length}`],
  ];
  const incidents = grouped([...unexplained, ...retried]);
  return [
    `${summary.date}, ${summary.minutes} minutes, version ${summary.version}, seed ${summary.seed}, ${summary.processors} processors.`,
    table(["", "count"], figures),
    table(
      ["fault of the pair that lasts", "times", "works again after, s: median (most)"],
      Object.entries(summary.recoveries).map(([name, { count, medianMs, mostMs }]) => [
        name,
        `${count}`,
        `${(medianMs / 1000).toFixed(1)} (${(mostMs / 1000).toFixed(1)})`,
      ]),
    ),
    table(
      ["process", "memory, MB: first, last, most", "an hour", "descriptors: first, last, most", "an hour"],
      Object.entries(summary.processes).map(([name, { rssMb, descriptors }]) => [
        `\`${name}\``,
        [rssMb.first, rssMb.last, rssMb.most].join(", "),
        signed(rssMb.perHour),
        [descriptors.first, descriptors.last, descriptors.most].join(", "),
        signed(descriptors.perHour),
      ]),
    ),
    ...(incidents.length > 0
      ? [`What did not work, at the first try or at all:\n\n${incidents.join("\n")}`]
      : []),
  ].join("\n\n");
}

/** A line for each kind. */
function grouped(incidents: readonly Incident[]): string[] {
  const kinds = Map.groupBy(incidents, ({ what, came }) => `${what}: ${came}`);
  return [...kinds].map(([words, all]) => {
    const [first, last] = [all[0]!.atSeconds, all.at(-1)!.atSeconds];
    return all.length === 1
      ? `- after ${first} s, ${words}`
      : `- ${all.length} times, after ${first} to ${last} s, ${words}`;
  });
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : `${value}`;
}
