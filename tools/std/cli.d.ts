// What this project uses of @std/cli, for where it comes from npm without types. Add here what you import newly.

type Text<Collect extends string, Name extends string> = Name extends Collect ? string[] : string | undefined;
type WithDefault<Value, Defaults, Name extends PropertyKey> = Name extends keyof Defaults
  ? NonNullable<Value> | Defaults[Name]
  : Value;

/** The values of the named flags, and the positional arguments as `_`. */
export type Args<Booleans extends string, Strings extends string, Collect extends string, Defaults> =
  & { [Name in Booleans]: WithDefault<boolean, Defaults, Name> }
  & { [Name in Strings]: WithDefault<Text<Collect, Name>, Defaults, Name> }
  & { _: Array<string | number>; "--"?: string[] }
  // deno-lint-ignore no-explicit-any -- flags that nobody named
  & { [name: string]: any };

export interface ParseOptions<
  Booleans extends string,
  Strings extends string,
  Collect extends string,
  Defaults,
> {
  "--"?: boolean;
  alias?: Record<string, string | readonly string[]>;
  boolean?: readonly Booleans[];
  string?: readonly Strings[];
  collect?: readonly Collect[];
  negatable?: readonly string[];
  default?: Defaults;
  stopEarly?: boolean;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
export function parseArgs<
  const Booleans extends string = never,
  const Strings extends string = never,
  const Collect extends string = never,
  const Defaults extends Record<string, unknown> = Record<never, never>,
>(
  args: readonly string[],
  options?: ParseOptions<Booleans, Strings, Collect, Defaults>,
): Args<Booleans, Strings, Collect, Defaults>;
