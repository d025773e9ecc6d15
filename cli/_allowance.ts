/** A bucket of tokens: so many at once, and so many a second in the long run. */
export class Allowance {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  constructor(burst: number, perSecond: number, now = () => performance.now()) {
    this.#burst = this.#tokens = burst;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#filledAt = now();
  }

  /** Takes one token; `false` if there is none. */
  take(): boolean {
    const now = this.#now();
    const gained = (now - this.#filledAt) / 1000 * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
