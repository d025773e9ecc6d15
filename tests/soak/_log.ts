import type { Usage } from "../bench/_process.ts";

/** Something that did not come to what it must, with all that was said. */
export interface Incident {
  /** Seconds since the start of the run. */
  readonly atSeconds: number;
  /** What was tried, and under which faults. */
  readonly what: string;
  /** What came of it. */
  readonly came: string;
  /** What both sides said last. */
  readonly said?: unknown;
}

/** What a process used at one moment. */
export interface Sample {
  readonly atSeconds: number;
  readonly rssBytes: number;
  readonly descriptors: number;
}

/** A count of what was tried and what of it went well. */
export interface Tally {
  attempted: number;
  succeeded: number;
}

/** Everything that a run finds out. */
export class SoakLog {
  /** Connects that had to work, by the fault that went on meanwhile: with how many it worked at the first try. */
  readonly connects = new Map<string, Tally>();
  /** Those that worked at the second try. */
  secondTries = 0;
  /** Starts of a serving peer. */
  readonly starts: Tally = { attempted: 0, succeeded: 0 };
  /** Questions through the lasting `forward` while nothing was wrong. */
  readonly questions: Tally = { attempted: 0, succeeded: 0 };
  /** Faults of the lasting pair: how long until it worked again, each time. */
  readonly recoveries = new Map<string, number[]>();
  /** How often something went wrong for all at once. */
  readonly weather = new Map<string, number>();
  /** First tries that failed where the second went well. */
  readonly retried: Incident[] = [];
  /** What nothing explains. */
  readonly unexplained: Incident[] = [];
  /** What the lasting processes used. */
  readonly samples = new Map<string, Sample[]>();
  readonly #start = performance.now();

  /** Since the start of the run. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Counts a connect that had to work. */
  connect(fault: string, succeeded: boolean): void {
    const tally = this.connects.get(fault) ?? { attempted: 0, succeeded: 0 };
    this.connects.set(fault, tally);
    tally.attempted++;
    if (succeeded) tally.succeeded++;
  }

  /** Keeps how long it took until it worked again. */
  recovered(fault: string, ms: number): void {
    const all = this.recoveries.get(fault) ?? [];
    this.recoveries.set(fault, all);
    all.push(ms);
  }

  /** Keeps what a process uses now. */
  sample(name: string, { rssBytes }: Usage, descriptors: number): void {
    const all = this.samples.get(name) ?? [];
    this.samples.set(name, all);
    all.push({ atSeconds: this.seconds, rssBytes, descriptors });
  }

  /** An incident that has just come about. */
  incident(what: string, came: string, said?: unknown): Incident {
    return { atSeconds: Math.round(this.seconds), what, came, ...(said === undefined ? {} : { said }) };
  }
}
