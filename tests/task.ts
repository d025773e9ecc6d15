// deno-lint-ignore-file no-console -- what a task prints is what it is for
/**
 * What tasks with arguments of their own have in common: how they read them, and how they end.
 *
 * @module
 */

/** For `parseArgs`: throws `SyntaxError` for a flag that there is not. `action` is what cannot be done then. */
export function refuseUnknown(action: string): (flag: string) => never {
  return (flag) => {
    throw new SyntaxError(`Cannot ${action}: there is no "${flag}"`);
  };
}

/** What a flag may be. */
export interface NumberLimits {
  readonly min: number;
  readonly max: number;
  /** Whether it must have no fraction. @default {false} */
  readonly whole?: boolean;
}

/** Gives what reads the numbers of flags; throws `SyntaxError` for what is none, or out of its limits. */
export function numberReader(action: string): (name: string, text: string, limits: NumberLimits) => number {
  return (name, text, { min, max, whole = false }) => {
    const value = Number(text);
    const fits = text.trim() !== "" && value >= min && value <= max;
    if (fits && (!whole || Number.isInteger(value))) return value;
    const what = whole ? "a whole number" : "a number";
    throw new SyntaxError(
      `Cannot ${action}: --${name} must be ${what} from ${min} to ${max}, current value is "${text}"`,
    );
  };
}

/** Runs a task by its name; arguments that make no sense end it with 2 and a hint. */
export async function runTask(name: string, main: (args: string[]) => Promise<number>): Promise<void> {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    console.error(`${error.message}\nTry: deno task ${name} --help`);
    Deno.exitCode = 2;
  }
}
