import type { Arbitrary } from "./_fast_check.ts";

/** What a target is fuzzed with while it runs. */
export interface Session<T> {
  readonly inputs: Arbitrary<T>;
  /** Throws, or rejects, when the promise is broken. */
  check(input: T): void | Promise<void>;
  /** Gives back what the session holds. */
  close?(): PromiseLike<void>;
}

/** One parser, or several that belong together, and what must hold whatever comes. */
export interface FuzzTarget {
  readonly name: string;
  /** One sentence. */
  readonly promise: string;
  /** How much longer a case takes than most others do, about. */
  readonly cost: number;
  open(): Promise<Session<unknown>>;
}

/** Makes a target; `cost` is 1 where a case takes some ten microseconds. */
export function fuzzTarget<T>(
  name: string,
  promise: string,
  open: () => Session<T> | Promise<Session<T>>,
  cost = 1,
): FuzzTarget {
  return { name, promise, cost, open: async () => await open() as Session<unknown> };
}
