import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { unsupported } from "../lib/runtime.ts";
import { readConfig, ROOT } from "../tools/run_flags.ts";
import { missingProgram, testsNeeding } from "./needing.ts";
import { makeNpmProject, type NpmProject } from "./npm_project.ts";

/** From this version on Node.js can parse `await using`; what cannot be parsed says nothing of ours. */
const PARSES_USING = 24;
const NEEDS_DENO =
  "Cannot run Skip Public IP: it needs the runtime Deno 2.9 or newer, https://deno.com; this is ";

/** The major version of a program. */
async function versionOf(program: string): Promise<number> {
  const { stdout } = await new Deno.Command(program, { args: ["--version"], stdin: "null" }).output();
  return Number(/(\d+)\./.exec(new TextDecoder().decode(stdout))?.[1]);
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

const nodeTest = testsNeeding("in Node.js", missingProgram("node"));
const bunTest = testsNeeding("in Bun", missingProgram("bun"), { mayBeMissing: true });

nodeTest("Node.js is told that it needs Deno, and nothing of ours is run", async () => {
  await using project = await makeNpmProject();
  const version = await versionOf("node");
  const scripts = version >= PARSES_USING ? ["cli.mjs", "lib.mjs"] : ["cli.mjs"];
  for (const script of scripts) {
    assertStringIncludes(await importedBy("node", project, script), `${NEEDS_DENO}Node.js v${version}.`);
  }
});

bunTest("Bun is told that it needs Deno, and nothing of ours is run", async () => {
  await using project = await makeNpmProject();
  const version = await versionOf("bun");
  for (const script of ["cli.mjs", "lib.mjs"]) {
    assertStringIncludes(await importedBy("bun", project, script), `${NEEDS_DENO}Bun ${version}.`);
  }
});
