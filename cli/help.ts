import config from "../deno.json" with { type: "json" };
import { UsageError } from "./_exit.ts";
import { OVERVIEW, TOPICS } from "./_help_texts.ts";
import type { FlagTable } from "./_flags.ts";
import { manualPage } from "./_manual_page.ts";
import { nearest } from "./_nearest.ts";
import { Output } from "./_output.ts";

/** The topic that is all the others. */
const MANUAL = "man";

/** What `skip help` takes. */
export const HELP_FLAGS: FlagTable = { positional: [0, 1], words: [...Object.keys(TOPICS), MANUAL] };

/** The verb phrase of each command, and the first line of help on each of its flags, for completions. */
export function briefHelp(command: string): { about: string; flags: ReadonlyMap<string, string> } {
  const about = OVERVIEW.match(new RegExp(`^ {2}${command}(?: \\S+)? +(.+)$`, "m"))?.[1] ?? command;
  const lines = `${TOPICS[command] ?? ""}\n${TOPICS.network}`.matchAll(
    /^ {2}--([\w-]+)(?: [A-Z:/p=]+)? {2,}([^;(:\n]+)/gm,
  );
  return { about, flags: new Map([...lines].map(([, flag, text]) => [flag!, text!.trim()])) };
}

/** `skip help`: the overview, a command, a topic, or all of them. */
export function helpCommand(args: string[]): Promise<number> {
  const topic = args.find((arg) => !arg.startsWith("-"));
  const text = topic === undefined ? OVERVIEW : textOf(topic);
  if (text === undefined) {
    const guess = nearest(topic!, HELP_FLAGS.words!);
    throw new UsageError(
      `There is no help on "${topic}"`,
      guess ? `Did you mean skip help ${guess}?` : "See skip help.",
    );
  }
  print(text);
  return Promise.resolve(0);
}

function textOf(topic: string): string | undefined {
  if (topic === MANUAL) return manualPage({ overview: OVERVIEW, topics: TOPICS, version: config.version });
  return Object.hasOwn(TOPICS, topic) ? TOPICS[topic] : undefined;
}

/** `skip --version`. */
export function printVersion(): number {
  print(`skip ${config.version}`);
  return 0;
}

function print(text: string) {
  new Output({ json: false, quiet: false, verbose: false }).product(text);
}
