/** `deno task doc` writes a page for everything that a program can import. */
import { assert, assertEquals } from "@std/assert";
import * as exported from "../../mod.ts";
import { denoFlags, readConfig, ROOT } from "../../tools/run_flags.ts";

/** What the task gives to `deno doc`, with another folder to write to. */
async function argumentsOfTask(output: string): Promise<string[]> {
  const { tasks } = await readConfig() as unknown as { tasks: { doc: { command: string } } };
  const [, words = ""] = tasks.doc.command.split("tools/deno.ts doc ");
  const args = [...words.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ""));
  return args.map((arg) => arg.startsWith("--output=") ? `--output=${output}` : arg);
}

Deno.test("deno task doc writes a page for each function and class of mod.ts", async () => {
  const folder = await Deno.makeTempDir({ prefix: "skip-doc-" });
  try {
    const { flags } = await denoFlags();
    const args = await argumentsOfTask(`${folder}/doc`);
    assert(args.includes("mod.ts"), args.join(" "));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["doc", ...flags, ...args],
      cwd: ROOT,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const pages = (await Array.fromAsync(Deno.readDir(`${folder}/doc/~`))).map(({ name }) => name);
    assertEquals(Object.keys(exported).filter((name) => !pages.includes(`${name}.html`)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
