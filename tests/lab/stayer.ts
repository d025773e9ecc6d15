/** A peer in the lab that connects and stays. */
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { jsonLines } from "../json_lines.ts";
import type { LabHost } from "./mod.ts";

/** What `testdata/stay.ts` prints. */
export interface Line {
  readonly type: "first" | "second" | "third" | "again" | "lost" | "closed";
  readonly ms: number;
  readonly resolved: boolean;
  readonly knocks: readonly string[];
  readonly remote: string;
}

/** A peer that stays connected. */
export class Stayer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<Line>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#lines = jsonLines<Line>(child.stdout);
  }

  static async start(id: string, bootstrap: string, place: LabHost): Promise<Stayer> {
    const script = new URL("testdata/stay.ts", import.meta.url).pathname;
    const args = ["run", ...await runFlags(), "-A", script, id, bootstrap];
    const pipes = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    return new Stayer(place.spawn(Deno.execPath(), args, { cwd: ROOT, ...pipes }));
  }

  /** The next line of that type; those before it are dropped. */
  async next(type: Line["type"]): Promise<Line> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`It ended before it said "${type}"`);
      if (value.type === type) return value;
    }
  }

  async [Symbol.asyncDispose]() {
    await this.#child.stdin.close();
    while (!(await this.#lines.next()).done);
    await this.#child.status;
  }
}
