/**
 * Runs a Deno subcommand with the flags this checkout needs, or the CLI with its permission set:
 *
 *   deno run -A tools/deno.ts test tests/
 *   deno run -A tools/deno.ts skip serve
 *
 * The child has this process's stdin, stdout and stderr; its exit code becomes ours.
 */
import "./orphan.ts";
import { denoFlags, readConfig, ROOT, runFlags } from "./run_flags.ts";

/** A terminal sends these to the whole process group, so the child has them already. */
const FROM_TERMINAL: Deno.Signal[] = ["SIGINT", "SIGHUP", "SIGQUIT"];
const FORWARDED: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : [...FROM_TERMINAL, "SIGTERM", "SIGUSR1", "SIGUSR2"];

/** The discard port, where nobody listens. */
const REFUSES_AT_ONCE = "http://127.0.0.1:9/";

function onTerminal(): boolean {
  return Deno.stdin.isTerminal() || Deno.stdout.isTerminal() || Deno.stderr.isTerminal();
}

/** What to start. */
interface Plan {
  args: string[];
  env?: Record<string, string>;
  cwd?: string;
}

/** A task runs in the checkout; paths that a user types are meant from where he stands. */
function whereTheUserIs(): string {
  return Deno.env.get("INIT_CWD") ?? Deno.cwd();
}

async function planCli(args: string[]): Promise<Plan> {
  const { permissions } = await readConfig();
  const set = args.find((arg) => Object.hasOwn(permissions, arg)) ?? "help";
  const preload = `--preload=${new URL("orphan.ts", import.meta.url)}`;
  const main = new URL("cli/main.ts", ROOT).href;
  return { args: ["run", ...await runFlags(), preload, `-P=${set}`, main, ...args], cwd: whereTheUserIs() };
}

/** The linter knows no import map. It asks JSR for what it could do without, and must not wait for it. */
async function planLint(args: string[]): Promise<Plan> {
  const { reachable } = await denoFlags();
  return { args: ["lint", ...args], ...(!reachable && { env: { JSR_URL: REFUSES_AT_ONCE } }) };
}

async function plan(subcommand: string, args: string[]): Promise<Plan> {
  if (subcommand === "skip") return await planCli(args);
  if (subcommand === "lint") return await planLint(args);
  const { flags } = await denoFlags();
  return { args: [subcommand, ...flags, ...args] };
}

async function start({ args, ...where }: Plan): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    ...where,
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
Deno.exit(await start(await plan(subcommand, args)));
