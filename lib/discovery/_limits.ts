/**
 * Memory and budgets that stay bounded whatever the network sends.
 *
 * @module
 */

/** Remembers keys for a while after they were last added, at most `max` of them. */
export class Recent {
  readonly #max: number;
  readonly #lifetimeMs: number;
  readonly #now: () => number;
  /** Key to the time it was last added, oldest first. */
  readonly #added = new Map<string, number>();

  /** @param now Milliseconds, never going back. */
  constructor(max: number, lifetimeMs: number, now: () => number) {
    this.#max = max;
    this.#lifetimeMs = lifetimeMs;
    this.#now = now;
  }

  /** Whether `key` was added within the lifetime, and not pushed out since. */
  has(key: string): boolean {
    return this.#now() - (this.#added.get(key) ?? -Infinity) < this.#lifetimeMs;
  }

  /** Remembers `key` from now on; the one that was added longest ago makes room. */
  add(key: string): void {
    this.#added.delete(key);
    this.#added.set(key, this.#now());
    if (this.#added.size > this.#max) this.#added.delete(this.#added.keys().next().value!);
  }
}

/** How much and how often. */
export interface Rate {
  /** At once, after a pause. */
  readonly burst: number;
  /** In the long run. */
  readonly perSecond: number;
}

/** A token bucket. */
export class Budget {
  readonly #rate: Rate;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** Begins full. */
  constructor(rate: Rate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
    this.#left = rate.burst;
    this.#at = now();
  }

  /** Whether anything is left to take. */
  get isEmpty(): boolean {
    const now = this.#now();
    this.#left = Math.min(this.#rate.burst, this.#left + (now - this.#at) * this.#rate.perSecond / 1000);
    this.#at = now;
    return this.#left < 1;
  }

  /** Takes one if there is one. */
  take(): boolean {
    if (this.isEmpty) return false;
    this.#left--;
    return true;
  }
}

/** Budgets by key, so that a noisy one spends only its own. */
export class Budgets {
  readonly #rate: Rate;
  readonly #max: number;
  readonly #now: () => number;
  readonly #budgets = new Map<string, Budget>();

  /** @param max Keys to remember; the one used longest ago makes room. */
  constructor(rate: Rate, max: number, now: () => number) {
    this.#rate = rate;
    this.#max = max;
    this.#now = now;
  }

  /** Takes one from the budget of `key` if there is one. */
  take(key: string): boolean {
    const budget = this.#budgets.get(key) ?? new Budget(this.#rate, this.#now);
    this.#budgets.delete(key);
    this.#budgets.set(key, budget);
    if (this.#budgets.size > this.#max) this.#budgets.delete(this.#budgets.keys().next().value!);
    return budget.take();
  }
}
