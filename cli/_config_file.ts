import { parse as parseToml } from "@std/toml";
import { dirname, isAbsolute, join } from "node:path";
import { CommandError, Exit, UsageError } from "./_exit.ts";
import type { Flags, FlagTable } from "./_flags.ts";
import { nearest } from "./_nearest.ts";

/** What a file can say of a flag. */
type Value = boolean | readonly string[];

/** Flags by name, as a file gives them. */
export type Config = ReadonlyMap<string, Value>;

/** Flags that are for the command line alone. */
const TYPED_ONLY = ["config", "print-unit"];
/** The key for arguments without a name. */
const ARGUMENTS = "target";
/** Keys whose values may be folders. */
const TARGETS = [ARGUMENTS, "name"];
/** A folder by a path that begins with a dot, behind `PATH=` of `name`. */
const DOTTED = /^(\/[^=]*=)?(\.{1,2}(?:[/\\].*)?)$/s;

/**
 * The flags of a command, completed by those of its `--config FILE` (TOML, or JSON if it is named so); the command line
 * wins. Throws `CommandError` if the file cannot be read, `UsageError` if something in it is not right.
 */
export async function withConfigFile(flags: Flags, table: FlagTable): Promise<Flags> {
  const path = flags.value("config");
  return path === undefined ? flags : merge(flags, readConfig(await read(path), path, table), table);
}

async function read(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const { message } = error as Error;
    throw new CommandError(message.includes(path) ? message : `${message}: ${path}`, {
      code: "config",
      exit: Exit.failed,
      what: "The configuration file cannot be read",
      hint: "Name a file that is there with --config FILE.",
    }, { cause: error });
  }
}

/** Reads the text of a configuration file. Throws `UsageError` for whatever is not in the table. */
export function readConfig(text: string, path: string, table: FlagTable): Config {
  const config = new Map<string, Value>();
  for (const [key, value] of Object.entries(parse(text, path))) {
    config.set(key, valueOf(key, value, path, table));
  }
  return config;
}

function parse(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = path.endsWith(".json") ? JSON.parse(text) : parseToml(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
    throw new SyntaxError("it must be one object");
  } catch (error) {
    const form = path.endsWith(".json") ? "JSON" : "TOML";
    throw new UsageError(
      `${path} is not valid ${form}: ${(error as Error).message}`,
      "See skip help config.",
    );
  }
}

function valueOf(key: string, value: unknown, path: string, table: FlagTable): Value {
  const { boolean = [], string = [], collect = [], files = [], positional: [, most] } = table;
  const known = [...boolean, ...string, ...collect, ...(most > 0 ? [ARGUMENTS] : [])]
    .filter((name) => !TYPED_ONLY.includes(name));
  if (!known.includes(key)) {
    const guess = nearest(key, known);
    const hint = guess ? `Did you mean ${guess}?` : "See skip help config.";
    throw new UsageError(`${path} has a key that is no flag: "${key}"`, hint);
  }
  const wrong = (wanted: string) =>
    new UsageError(`${path}: "${key}" is not valid: ${JSON.stringify(value)}`, `Give ${key} ${wanted}.`);
  if (boolean.includes(key)) {
    if (typeof value === "boolean") return value;
    throw wrong("true or false");
  }
  const texts = Array.isArray(value) && collect.includes(key) ? value : [value];
  if (!texts.every(isText)) {
    throw wrong(collect.includes(key) ? "a text or a list of texts" : "a text or a number");
  }
  // A service starts anywhere: a path is meant from where the file is.
  const folder = dirname(path);
  return texts.map(String).map((one) => {
    if (files.includes(key)) return isAbsolute(one) ? one : join(folder, one);
    return TARGETS.includes(key)
      ? one.replace(DOTTED, (_, mount = "", own) => mount + join(folder, own))
      : one;
  });
}

function isText(value: unknown): value is string | number {
  return (typeof value === "string" && value !== "") || (typeof value === "number" && Number.isFinite(value));
}

/** What is typed, and for the rest what the file says. */
function merge(typed: Flags, config: Config, { boolean = [], rivals = [] }: FlagTable): Flags {
  const isTyped = (name: string) =>
    boolean.includes(name) ? typed.has(name) : typed.values(name) !== undefined;
  const beaten = new Set(rivals.flatMap(([a, b]) => isTyped(a) ? [b] : isTyped(b) ? [a] : []));
  const given = (name: string) => beaten.has(name) ? undefined : config.get(name);
  const texts = (name: string) => given(name) as readonly string[] | undefined;
  return {
    positional: typed.positional.length > 0 ? typed.positional : texts(ARGUMENTS) ?? [],
    has: (name) => typed.has(name) || given(name) === true,
    value: (name) => typed.value(name) ?? texts(name)?.[0],
    values: (name) => typed.values(name) ?? texts(name),
  };
}
