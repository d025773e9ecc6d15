import { parseArgs } from "@std/cli";
import { UsageError } from "./_exit.ts";
import { nearest } from "./_nearest.ts";

/** The flags of one command, by kind. */
export interface FlagTable {
  /** Switches. */
  readonly boolean?: readonly string[];
  /** Flags with one value. */
  readonly string?: readonly string[];
  /** Flags with a value that may be given several times. */
  readonly collect?: readonly string[];
  /** Those flags among `string` and `collect` whose values are paths: they are completed, and made absolute. */
  readonly files?: readonly string[];
  /** Pairs of flags that contradict each other: what is typed wins over a file's other one. */
  readonly rivals?: readonly (readonly [string, string])[];
  /** What the first argument may be, for completions. */
  readonly words?: readonly string[];
  /** Whether the first argument may be a path, for completions. */
  readonly path?: boolean;
  /** How many arguments without a name there may be, at least and at most. */
  readonly positional: readonly [least: number, most: number];
}

/** What was given. */
export interface Flags {
  /** Arguments without a name. */
  readonly positional: readonly string[];
  /** Whether a switch was given. */
  has(name: string): boolean;
  /** The value of a flag; absent if it was not given. */
  value(name: string): string | undefined;
  /** The values of a flag that may be given several times; absent if it was not given. */
  values(name: string): readonly string[] | undefined;
}

/** `parseArgs` keeps the arguments without a name under `_`: a flag of that name would take their place. */
const RESERVED = /^--?(no-)?_/;

/** Reads the arguments of `command`. Throws {@linkcode UsageError} for whatever is not in its table. */
export function readFlags(command: string, args: readonly string[], table: FlagTable): Flags {
  const { boolean = [], string = [], collect = [], positional: [least, most] } = table;
  const known = [...boolean, ...string, ...collect];
  const help = `See skip help ${command}.`;
  const unknown = (arg: string, key: string) => {
    const guess = nearest(key, known);
    return new UsageError(
      `skip ${command} has no flag ${arg.split("=")[0]}`,
      guess ? `Did you mean --${guess}?` : help,
    );
  };
  const end = args.indexOf("--"); // all that follows is no flag
  const reserved = args.find((arg, at) => RESERVED.test(arg) && (end < 0 || at < end));
  if (reserved !== undefined) throw unknown(reserved, "_");
  const parsed: Record<string, unknown> & { _: (string | number)[] } = parseArgs([...args], {
    boolean: [...boolean],
    string: ["_", ...string, ...collect],
    collect: [...string, ...collect],
    unknown: (arg: string, key?: string) => {
      if (key === undefined) return true;
      throw unknown(arg, key);
    },
  });
  const positional = parsed._.map(String);
  if (positional.length < least) throw new UsageError(`skip ${command} needs an argument`, help);
  if (positional.length > most) {
    throw new UsageError(`skip ${command} takes no argument "${positional[most]}"`, help);
  }
  const given = (name: string) => (parsed[name] ?? []) as string[];
  const twice = string.find((name) => given(name).length > 1);
  if (twice) throw new UsageError(`--${twice} was given more than once`, help);
  const empty = [...string, ...collect].find((name) => given(name).includes(""));
  if (empty) throw new UsageError(`--${empty} needs a value`, help);
  return {
    positional,
    has: (name) => parsed[name] === true,
    value: (name) => given(name)[0],
    values: (name) => given(name).length === 0 ? undefined : given(name),
  };
}

/** Reads a whole number within bounds. Throws {@linkcode UsageError} that names the flag. */
export function readNumber(flag: string, text: string, least: number, most: number): number {
  const n = Number(text);
  if (!/^\d+$/.test(text) || n < least || n > most) {
    throw new UsageError(
      `--${flag} is not valid: "${text}"`,
      `Give --${flag} a whole number from ${least} to ${most}.`,
    );
  }
  return n;
}
