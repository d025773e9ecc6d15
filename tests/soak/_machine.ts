/**
 * How little time the machine has for the processes of a run: what does not work while they are kept waiting says nothing of
 * them.
 *
 * @module
 */
import { delay } from "@std/async";

const TICK_MS = 250;
/** Longer than anything that is judged. */
const KEPT_MS = 10 * 60_000;
/** Whose timers are overdue for so much of the time, or once for so long, has not had what the protocols suppose. */
const STARVED_PART = 0.2;
const STARVED_MS = 2000;

/** How it went for a while. */
export interface Strain {
  /** The part of the time for which our own timer was overdue: 0 to 1. */
  readonly overdue: number;
  /** For how long it was at most, in milliseconds. */
  readonly mostMs: number;
  /** The part of the time in which some process waited for a processor; absent where the kernel does not tell. */
  readonly waiting?: number;
}

/** Whether the processes were kept waiting for so long that no more can be asked of them. */
export function isStarved({ overdue, mostMs }: Strain): boolean {
  return overdue >= STARVED_PART || mostMs >= STARVED_MS;
}

/** In words. */
export function strainText({ overdue, mostMs, waiting }: Strain): string {
  const percent = (part: number) => `${Math.round(100 * part)} %`;
  const timers = `timers overdue for ${percent(overdue)} of the time, ${mostMs} ms at most`;
  return waiting === undefined ? timers : `${timers}; some process waiting for ${percent(waiting)}`;
}

interface Tick {
  readonly at: number;
  readonly lateMs: number;
  /** For how long some process has waited for a processor, since the machine was started. */
  readonly waitedMs: number | undefined;
}

/** What a {@linkcode Machine} goes by; other ones in tests. */
export interface MachineOptions {
  /** The time in milliseconds. */
  readonly now?: () => number;
  /** For how long some process has waited for a processor, in milliseconds, as the kernel counts. */
  readonly waited?: () => number | undefined;
}

/** Watches how late its own timer comes. */
export class Machine {
  readonly #now: () => number;
  readonly #waited: () => number | undefined;
  readonly #start: Tick;
  /** The oldest one is where what is known begins. */
  #ticks: Tick[];
  #due: number;
  #lateMs = 0;
  #mostMs = 0;

  constructor({ now = () => performance.now(), waited = waitedMs }: MachineOptions = {}) {
    this.#now = now;
    this.#waited = waited;
    this.#start = { at: now(), lateMs: 0, waitedMs: waited() };
    this.#ticks = [this.#start];
    this.#due = this.#start.at + TICK_MS;
  }

  /** Watches until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(TICK_MS, { signal }).catch(() => {});
      if (!signal.aborted) this.tick();
    }
  }

  /** The timer has come. */
  tick(): void {
    const at = this.#now();
    const lateMs = Math.max(0, at - this.#due);
    this.#lateMs += lateMs;
    this.#mostMs = Math.max(this.#mostMs, lateMs);
    if (this.#ticks.length > 2 * KEPT_MS / TICK_MS) this.#ticks = this.#ticks.slice(-KEPT_MS / TICK_MS);
    this.#ticks.push({ at, lateMs, waitedMs: this.#waited() });
    this.#due = at + TICK_MS;
  }

  /** How it was since then; a moment that is long gone is as good as the oldest one that is known. */
  since(from: number): Strain {
    const ticks = this.#ticks.filter(({ at }) => at >= from);
    const before = this.#ticks.findLast(({ at }) => at < from) ?? this.#ticks[0]!;
    const lates = [...ticks.map(({ lateMs }) => lateMs), this.#pendingMs];
    return this.#strain(before, lates.reduce((sum, ms) => sum + ms), Math.max(...lates));
  }

  /** How it was all the time. */
  get overall(): Strain {
    const pending = this.#pendingMs;
    return this.#strain(this.#start, this.#lateMs + pending, Math.max(this.#mostMs, pending));
  }

  /** Whoever asks may have been waiting for the same as the timer, and be first. */
  get #pendingMs(): number {
    return Math.max(0, this.#now() - this.#due);
  }

  #strain(start: Tick, lateMs: number, mostMs: number): Strain {
    const ms = this.#now() - start.at;
    const waitedMs = this.#waited();
    const part = (some: number) => ms > 0 ? Math.round(1000 * some / ms) / 1000 : 0;
    const timers = { overdue: part(lateMs), mostMs: Math.round(mostMs) };
    if (waitedMs === undefined || start.waitedMs === undefined) return timers;
    return { ...timers, waiting: part(waitedMs - start.waitedMs) };
  }
}

/** From the kernel's "pressure stall information". */
function waitedMs(): number | undefined {
  try {
    const [, total] = Deno.readTextFileSync("/proc/pressure/cpu").match(/^some .*total=(\d+)/) ?? [];
    return total === undefined ? undefined : Number(total) / 1000;
  } catch {
    return undefined;
  }
}
