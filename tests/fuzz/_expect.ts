import { assertEquals } from "@std/assert";
import { isDeepStrictEqual } from "node:util";

type ErrorClass = abstract new (...args: never[]) => Error;

/** What `run` gives; `undefined` where it throws one of `expected`. Throws whatever else it throws. */
export function expectOnly<T>(run: () => T, ...expected: ErrorClass[]): T | undefined {
  try {
    return run();
  } catch (error) {
    if (expected.some((one) => error instanceof one)) return undefined;
    throw error;
  }
}

/** Throws where `error` is there and none of `expected`. */
export function assertOnly(error: unknown, ...expected: ErrorClass[]): void {
  if (error !== undefined && !expected.some((one) => error instanceof one)) throw error;
}

/** The same as `assertEquals`, but many times faster where the two are equal. */
export function same<T>(actual: T, expected: T, message?: string): void {
  if (!isDeepStrictEqual(actual, expected)) assertEquals(actual, expected, message);
}

/** Throws where something was added to what every object has. */
export function unpolluted(): void {
  for (const key in {}) throw new Error(`Every object has "${key}" now`);
}
