import type { Usage } from "../bench/_process.ts";
import { isStarved, Machine, type Strain } from "./_machine.ts";

/** Something that did not come to what it must, with all that was said. */
export interface Incident {
  /** Seconds since the start of the run. */
  readonly atSeconds: number;
  /** What was tried, and under which faults. */
  readonly what: string;
  /** What came of it. */
  readonly came: string;
  /** What was wrong meanwhile and explains it. */
  readonly explained?: readonly string[];
  /** How much time the machine had meanwhile. */
  readonly machine?: Strain;
  /** What both sides said last. */
  readonly said?: unknown;
}

/** What a process used at one moment. */
export interface Sample {
  readonly atSeconds: number;
  readonly rssBytes: number;
  /** What of it no file backs. */
  readonly ownBytes: number;
  readonly descriptors: number;
}

/** A count of what was tried and what of it went well. */
export interface Tally {
  attempted: number;
  succeeded: number;
}

/** What has failed. */
export interface Failure {
  readonly what: string;
  readonly came: string;
  /** When it began, by `performance.now()`. */
  readonly since: number;
  /** What was wrong meanwhile and explains it. @default {[]} */
  readonly explained?: readonly string[];
  readonly said?: unknown;
}

/** What was said is kept of so many incidents of a kind: the first ones tell the most. */
const MAX_SAID = 40;

/** Everything that a run finds out. */
export class SoakLog {
  /** Connects that had to work, by the fault that went on meanwhile: with how many it worked at the first try. */
  readonly connects = new Map<string, Tally>();
  /** Those that worked at the second try. */
  secondTries = 0;
  /** Starts of a serving peer. */
  readonly starts: Tally = { attempted: 0, succeeded: 0 };
  /** Questions through the lasting `forward`, by what was wrong meanwhile; empty for nothing. */
  readonly questions = new Map<string, Tally>();
  /** Faults of the lasting pair: how long until it worked again, each time. */
  readonly recoveries = new Map<string, number[]>();
  /** How often something went wrong for all at once. */
  readonly weather = new Map<string, number>();
  /** First tries that failed where the second went well. */
  readonly retried: Incident[] = [];
  /** What nothing explains. */
  readonly unexplained: Incident[] = [];
  /** What was wrong on purpose explains these. */
  readonly troubled: Incident[] = [];
  /** The processes were kept waiting too long. */
  readonly starved: Incident[] = [];
  /** What the lasting processes used. */
  readonly samples = new Map<string, Sample[]>();
  /** Whether the machine had time for all this. */
  readonly machine: Machine;
  readonly #start = performance.now();

  /** @param machine Another one in tests. */
  constructor(machine: Machine = new Machine()) {
    this.machine = machine;
  }

  /** Since the start of the run. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Counts a connect that had to work. */
  connect(fault: string, succeeded: boolean): void {
    count(this.connects, fault, succeeded);
  }

  /** Counts a question through the lasting `forward`. */
  question(troubles: readonly string[], succeeded: boolean): void {
    count(this.questions, troubles.join(", "), succeeded);
  }

  /** Keeps how long it took until it worked again. */
  recovered(fault: string, ms: number): void {
    const all = this.recoveries.get(fault) ?? [];
    this.recoveries.set(fault, all);
    all.push(ms);
  }

  /** Keeps what a process uses now. */
  sample(name: string, { rssBytes, ownBytes }: Usage, descriptors: number): void {
    const all = this.samples.get(name) ?? [];
    this.samples.set(name, all);
    all.push({ atSeconds: this.seconds, rssBytes, ownBytes, descriptors });
  }

  /** Keeps a first try that failed where the second went well. */
  retry(failure: Failure): void {
    this.secondTries++;
    this.#keep(this.retried, failure);
  }

  /** Keeps what failed, and whether anything explains it: what was wrong on purpose, or a machine without time. */
  fail(failure: Failure): void {
    const isTroubled = (failure.explained ?? []).length > 0;
    const isLate = isStarved(this.machine.since(failure.since));
    this.#keep(isTroubled ? this.troubled : isLate ? this.starved : this.unexplained, failure);
  }

  #keep(list: Incident[], { what, came, since, explained = [], said }: Failure): void {
    list.push({
      ...{ atSeconds: Math.round(this.seconds), what, came },
      ...(explained.length > 0 ? { explained } : {}),
      machine: this.machine.since(since),
      ...(said === undefined || list.length >= MAX_SAID ? {} : { said }),
    });
  }
}

function count(tallies: Map<string, Tally>, key: string, succeeded: boolean): void {
  const tally = tallies.get(key) ?? { attempted: 0, succeeded: 0 };
  tallies.set(key, tally);
  tally.attempted++;
  if (succeeded) tally.succeeded++;
}
