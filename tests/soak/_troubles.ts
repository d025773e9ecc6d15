/**
 * What is wrong on purpose, and for how long it may still be felt: what does not work at such a moment is no riddle.
 *
 * @module
 */

interface Trouble {
  readonly name: string;
  readonly from: number;
  to: number;
}

/** Troubles of the network or of one pair, past and present. Times are those of `performance.now()`. */
export class Troubles {
  readonly #all: Trouble[] = [];
  readonly #now: () => number;

  /** @param now The time in milliseconds; another one in tests. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** One begins. What this gives ends it, with how long it may still be felt after that. */
  begin(name: string): (feltForMs: number) => void {
    const trouble = { name, from: this.#now(), to: Infinity };
    this.#all.push(trouble);
    return (feltForMs) => void (trouble.to = this.#now() + feltForMs);
  }

  /** The names of those that were on, or felt, at some moment since then; each once. */
  since(from: number): string[] {
    return this.#names((trouble) => trouble.to >= from);
  }

  /** The names of those that were on, or felt, at that moment, and have been over for no longer than so. */
  at(moment: number, overForMs: number): string[] {
    const earliest = this.#now() - overForMs;
    return this.#names(({ from, to }) => from <= moment && to >= moment && to >= earliest);
  }

  #names(which: (trouble: Trouble) => boolean): string[] {
    return [...new Set(this.#all.filter(which).map(({ name }) => name))];
  }
}
