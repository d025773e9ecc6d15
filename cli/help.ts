import config from "../deno.json" with { type: "json" };
import { UsageError } from "./_exit.ts";
import { OVERVIEW, TOPICS } from "./_help_texts.ts";
import { type FlagTable, readFlags } from "./_flags.ts";
import { manualPage } from "./_manual_page.ts";
import { nearest } from "./_nearest.ts";
import { Output } from "./_output.ts";

/** Topics that are too long for one screen, made when they are asked for. */
const LONG_TOPICS: Readonly<Record<string, () => Promise<string>>> = { licenses: readLicences, man: manual };

/** What `skip help` takes. */
export const HELP_FLAGS: FlagTable = {
  boolean: ["json", "quiet", "verbose"],
  positional: [0, 1],
  words: [...Object.keys(TOPICS), ...Object.keys(LONG_TOPICS)],
};

/** The verb phrase of each command, and the first line of help on each of its flags, for completions. */
export function briefHelp(command: string): { about: string; flags: ReadonlyMap<string, string> } {
  const about = OVERVIEW.match(new RegExp(`^ {2}${command}(?: \\S+)? +(.+)$`, "m"))?.[1] ?? command;
  const lines = `${TOPICS[command] ?? ""}\n${TOPICS.network}`.matchAll(
    /^ {2}--([\w-]+)(?: [A-Z:/p=]+)? {2,}([^;(:\n]+)/gm,
  );
  return { about, flags: new Map([...lines].map(([, flag, text]) => [flag!, text!.trim()])) };
}

/** `skip help`: the overview, a command, or a topic. */
export async function helpCommand(args: string[]): Promise<number> {
  const flags = readFlags("help", args, HELP_FLAGS);
  const [topic] = flags.positional;
  const text = topic === undefined ? OVERVIEW : await textOf(topic);
  const output = Output.by(flags);
  output.product(text);
  output.event({ type: "help", ...(topic === undefined ? {} : { topic }), text });
  return 0;
}

async function textOf(topic: string): Promise<string> {
  if (Object.hasOwn(TOPICS, topic)) return TOPICS[topic]!;
  if (Object.hasOwn(LONG_TOPICS, topic)) return await LONG_TOPICS[topic]!();
  const guess = nearest(topic, HELP_FLAGS.words!);
  throw new UsageError(
    `There is no help on "${topic}"`,
    guess ? `Did you mean skip help ${guess}?` : "See skip help.",
  );
}

/** All the topics. */
function manual(): Promise<string> {
  return Promise.resolve(manualPage({ overview: OVERVIEW, topics: TOPICS, version: config.version }));
}

/** The licences of all that is inside. */
async function readLicences(): Promise<string> {
  const { default: { lines } } = await import("./licences.json", { with: { type: "json" } });
  const own = `skip ${config.version}, run by Deno ${Deno.version.deno}, is made of what follows.`;
  return [own, "Deno and what it is made of: https://github.com/denoland/deno", "", ...lines].join("\n");
}

/** `skip --version`. */
export function printVersion(args: readonly string[]): number {
  const { version } = config;
  const output = Output.by({ has: (flag) => args.includes(`--${flag}`) });
  output.product(`skip ${version}`);
  output.event({ type: "version", version });
  return 0;
}
