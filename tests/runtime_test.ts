import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { unsupported } from "../lib/runtime.ts";
import { readConfig, ROOT } from "../tools/run_flags.ts";
import { makeNpmProject, type NpmProject } from "./npm_project.ts";

/** From this version on Node.js can parse `await using`; what cannot be parsed says nothing of ours. */
const PARSES_USING = 24;
const NEEDS_DENO =
  "Cannot run Skip Public IP: it needs the runtime Deno 2.9 or newer, https://deno.com; this is ";

/** The major version of a program in PATH, or nothing. */
async function versionOf(program: string): Promise<number | undefined> {
  try {
    const { stdout } = await new Deno.Command(program, { args: ["--version"], stdin: "null" }).output();
    return Number(/(\d+)\./.exec(new TextDecoder().decode(stdout))?.[1]);
  } catch {
    return undefined;
  }
}

/** What a program says that imports us, and which must fail. */
async function importedBy(program: string, { path }: NpmProject, script: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: ["--preserve-symlinks", script],
    cwd: path,
    stdin: "null",
  }).output();
  assert(!success, `${program} ran ${script}`);
  assertEquals(new TextDecoder().decode(stdout), "");
  return new TextDecoder().decode(stderr);
}

Deno.test("unsupported() names the runtime that it is run in", () => {
  for (const deno of ["2.9.0", "2.9.6", "2.10.0", "3.0.0", "2.9.6+0123abc"]) {
    assertEquals(
      unsupported({ Deno: { version: { deno } }, process: { version: "v24.1.0" } }),
      undefined,
      deno,
    );
  }
  for (const deno of ["1.46.3", "2.8.11", "2.0.0"]) {
    assertEquals(unsupported({ Deno: { version: { deno } } }), `${NEEDS_DENO}Deno ${deno}`);
  }
  assertEquals(unsupported({ process: { version: "v24.1.0" } }), `${NEEDS_DENO}Node.js v24.1.0`);
  const bun = { Bun: { version: "1.4.5" }, process: { version: "v24.1.0" } };
  assertEquals(unsupported(bun), `${NEEDS_DENO}Bun 1.4.5`);
  assertEquals(unsupported({}), `${NEEDS_DENO}another one`);
});

Deno.test("the entry points ask for the runtime before they import anything else", async () => {
  for (const path of Object.values((await readConfig()).exports)) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    const [first] = text.match(/^(?:import|export)\b.*$/m)!;
    assert(/^import "\.{1,2}\/(lib\/)?runtime\.ts";/.test(first), `${path} begins with ${first}`);
  }
  assertEquals((await Deno.readTextFile(new URL("lib/runtime.ts", ROOT))).match(/^import\b.*$/m), null);
});

const node = await versionOf("node"), bun = await versionOf("bun");

Deno.test({
  name: "Node.js and Bun are told that it needs Deno, and nothing of ours is run",
  ignore: node === undefined && bun === undefined,
  async fn() {
    await using project = await makeNpmProject();
    if (node !== undefined) {
      assertStringIncludes(await importedBy("node", project, "cli.mjs"), `${NEEDS_DENO}Node.js v${node}.`);
    }
    if (node !== undefined && node >= PARSES_USING) {
      assertStringIncludes(await importedBy("node", project, "lib.mjs"), `${NEEDS_DENO}Node.js v${node}.`);
    }
    if (bun !== undefined) {
      assertStringIncludes(await importedBy("bun", project, "cli.mjs"), `${NEEDS_DENO}Bun ${bun}.`);
      assertStringIncludes(await importedBy("bun", project, "lib.mjs"), `${NEEDS_DENO}Bun ${bun}.`);
    }
  },
});
