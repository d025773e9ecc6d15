import { assertEquals } from "@std/assert";
import { untilInterrupted } from "../../cli/_signals.ts";
import { ROOT, runFlags } from "../../tools/run_flags.ts";

/** Reports the first signal and waits for ever, as a command does whose network is slow to say goodbye. */
const PROGRAM = `
import { interruptible } from "${new URL("cli/_signals.ts", ROOT)}";
const { signal } = interruptible();
signal.addEventListener("abort", () => console.log(signal.reason.name));
console.log("ready");
setInterval(() => {}, 1000);
`;

/** Sends each signal once the line before has been read; gives all lines and the exit code. */
async function interrupted(signals: readonly Deno.Signal[]): Promise<[lines: string[], code: number]> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(path, PROGRAM);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...await runFlags(), path],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const said: string[] = [];
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said.push(...text.trim().split("\n"));
    const next = signals[said.length - 1];
    if (next) child.kill(next);
  }
  const { code } = await child.status;
  await Deno.remove(path);
  return [said, code];
}

for (const first of ["SIGINT", "SIGTERM"] as const) {
  Deno.test({
    name: `interruptible() aborts at the first ${first}, and ends the process at the second signal`,
    ignore: Deno.build.os === "windows",
    fn: async () => assertEquals(await interrupted([first, "SIGINT"]), [["ready", "Interrupted"], 130]),
  });
}

Deno.test("interruptible() leaves the process as it was", async () => {
  const { interruptible } = await import("../../cli/_signals.ts");
  using interrupt = interruptible(); // the sanitizer finds a listener that stays
  assertEquals(interrupt.signal.aborted, false);
});

Deno.test("untilInterrupted() hears a signal that comes, and one that has come already", async () => {
  const over = new AbortController();
  const waiting = untilInterrupted(over.signal);
  over.abort("enough");
  assertEquals(await waiting.catch((reason) => reason), "enough");
  assertEquals(await untilInterrupted(over.signal).catch((reason) => reason), "enough");
});
