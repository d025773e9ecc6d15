import { seededRandom } from "../simulation.ts";

/** Choices that are the same in every run of one seed, as far as each asks on its own. */
export class Dice {
  readonly #random: () => number;

  /** @param seed With `name`, so that several parts of a run do not share their luck. */
  constructor(seed: number, name: string) {
    let hash = Math.imul(seed + 1, 0x9e3779b1);
    for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
    this.#random = seededRandom(hash);
  }

  /** One of several, each as likely. */
  of<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)]!;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1));
  }
}
