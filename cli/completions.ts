import { COMMANDS } from "./_commands.ts";
import { bashScript, type CompletedCommand, fishScript, zshScript } from "./_completion_scripts.ts";
import { UsageError } from "./_exit.ts";
import { type FlagTable, readFlags } from "./_flags.ts";
import { briefHelp } from "./help.ts";
import { Output } from "./_output.ts";

const SCRIPTS: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The flags of `skip completions`. */
export const COMPLETIONS_FLAGS: FlagTable = {
  boolean: ["json", "quiet", "verbose"],
  positional: [1, 1],
  words: Object.keys(SCRIPTS),
};

/** `skip completions SHELL`: a script made from the tables by which the commands read their flags. */
export async function completionsCommand(args: string[]): Promise<number> {
  const flags = readFlags("completions", args, COMPLETIONS_FLAGS);
  const [shell = ""] = flags.positional;
  const make = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (!make) throw new UsageError(`There are no completions for "${shell}"`, "Give bash, zsh or fish.");
  const script = make(await completedCommands());
  const output = Output.by(flags);
  output.product(script);
  output.event({ type: "completions", shell, script });
  return 0;
}

/** Every command with its flags, as a shell is to know them. */
export async function completedCommands(): Promise<CompletedCommand[]> {
  return await Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => {
      const { flags: { boolean = [], string = [], collect = [], files = [], words = [], path = false } } =
        await load();
      const { about, flags } = briefHelp(name);
      const known = (flag: string) => ({ flag, about: flags.get(flag) ?? "" });
      return {
        ...{ name, about, words, path },
        flags: [
          ...boolean.map((flag) => ({ ...known(flag), value: "none" as const })),
          ...[...string, ...collect].map((flag) => ({
            ...known(flag),
            value: files.includes(flag) ? "file" as const : "text" as const,
            several: collect.includes(flag),
          })),
        ],
      };
    }),
  );
}
