import { runFlags } from "../../tools/run_flags.ts";
import { jsonLines } from "../json_lines.ts";
import { signalChild } from "../skip_process.ts";
import type { Loopback } from "./_loopback.ts";

/** A process of a benchmark. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** The objects that it prints, one a line. */
  readonly lines: AsyncGenerator<unknown>;
  /** Ends it, and rejects where it has failed. */
  finish(): Promise<void>;
}

/** Starts a script of this checkout, with every permission. */
export async function startProgram(loopback: Loopback, script: URL, ...args: string[]): Promise<Program> {
  const deno = [Deno.execPath(), "run", "-A", ...await runFlags(), script.pathname, ...args];
  const [program, ...rest] = loopback.in(deno);
  const child = new Deno.Command(program, { args: rest, stdin: "null", stdout: "piped", stderr: "inherit" })
    .spawn();
  return {
    pid: child.pid,
    lines: jsonLines(child.stdout),
    async finish() {
      const { success, code } = await child.status;
      if (!success) throw new Error(`${script.pathname} ended with exit code ${code}`);
    },
    async [Symbol.asyncDispose]() {
      signalChild(child, "SIGTERM");
      await child.status;
    },
  };
}
