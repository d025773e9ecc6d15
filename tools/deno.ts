/**
 * Runs a Deno subcommand with the flags this checkout needs, or the CLI with its permission set:
 *
 *   deno run -A tools/deno.ts test tests/
 *   deno run -A tools/deno.ts skip serve
 *
 * The child has this process's stdin, stdout and stderr; its exit code becomes ours.
 */
import "./orphan.ts";
import { readConfig, runFlags } from "./run_flags.ts";

/** A terminal sends these to the whole process group, so the child has them already. */
const FROM_TERMINAL: Deno.Signal[] = ["SIGINT", "SIGHUP", "SIGQUIT"];
const FORWARDED: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : [...FROM_TERMINAL, "SIGTERM", "SIGUSR1", "SIGUSR2"];

function onTerminal(): boolean {
  return Deno.stdin.isTerminal() || Deno.stdout.isTerminal() || Deno.stderr.isTerminal();
}

async function cliArgs(args: string[]): Promise<string[]> {
  const { permissions } = await readConfig();
  const set = args.find((arg) => Object.hasOwn(permissions, arg)) ?? "help";
  const preload = new URL("orphan.ts", import.meta.url).href;
  return [
    "run",
    "--quiet",
    "--no-prompt",
    ...await runFlags(),
    `--preload=${preload}`,
    `-P=${set}`,
    "cli/main.ts",
    ...args,
  ];
}

async function denoArgs(subcommand: string, args: string[]): Promise<string[]> {
  if (subcommand === "skip") return await cliArgs(args);
  return [subcommand, ...await runFlags(), ...args];
}

async function run(args: string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  for (const signal of FORWARDED) {
    Deno.addSignalListener(signal, () => {
      if (!FROM_TERMINAL.includes(signal) || !onTerminal()) child.kill(signal);
    });
  }
  return (await child.status).code;
}

const [subcommand, ...args] = Deno.args;
if (!subcommand) throw new TypeError("Cannot run Deno as no subcommand was given");
Deno.exit(await run(await denoArgs(subcommand, args)));
