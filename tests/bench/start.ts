/**
 * How long `skip --version` takes, from the start of the process to its end, in each form in which users get the command.
 *
 * @module
 */
import { runtimeMissing } from "../../tools/compile.ts";
import { openForm } from "../../tools/test_cli.ts";
import { program } from "../program.ts";
import { spread } from "./_statistics.ts";

/** The first runs fill caches. */
const WARM_UP = 3;

/** A line for each form: its times, and how large an executable is. */
export async function benchStart(runs: number): Promise<string> {
  const missing = await runtimeMissing();
  const lines: string[] = [];
  for (const name of ["checkout", "jsr", "rehearsal", "executable"]) {
    const reason = name === "executable" ? missing : undefined;
    lines.push(`${name}: ${reason === undefined ? await measure(name, runs) : `not measured, as ${reason}`}`);
  }
  return lines.join("\n");
}

async function measure(name: string, runs: number): Promise<string> {
  await using form = await openForm(name);
  const { command, args, env } = await program(["--version"], { underTest: form.env });
  const times: number[] = [];
  for (let run = 0; run < runs + WARM_UP; run++) {
    const start = performance.now();
    const { success } = await new Deno.Command(command, { args: [...args], env: { ...env } }).output();
    if (!success) throw new Error(`Cannot measure the start of the ${name}: it failed`);
    times.push(performance.now() - start);
  }
  const size = name === "executable"
    ? `, ${((await Deno.stat(form.env.SKIP_UNDER_TEST!)).size / 1e6).toFixed(1)} MB`
    : "";
  return `${spread(times.slice(WARM_UP))} ms${size}`;
}
