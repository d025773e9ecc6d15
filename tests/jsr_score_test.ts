/**
 * The score that JSR will give, as far as it is in the package: its rules, counted here. Symbols count from 80 % on in full.
 *
 * @see https://jsr.io/docs/scoring
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoFlags, readConfig, ROOT } from "../tools/run_flags.ts";

/** What counts as 100 %. */
const FULL_SCORE = 17;
/** Provenance, description and a compatible runtime: RELEASING.md says how they come about. */
const OUTSIDE_THE_PACKAGE = 3;
const ENOUGH_SYMBOLS = 0.8;

interface Declaration {
  kind: string;
  declarationKind: string;
  jsDoc?: { doc?: string };
}
interface Module {
  module_doc?: { doc?: string };
  symbols: { name: string; declarations: Declaration[] }[];
}

/** The documentation of each entry point. */
async function entryPoints(): Promise<Module[]> {
  const { exports } = await readConfig(), { flags } = await denoFlags();
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", "--quiet", ...flags, ...Object.values(exports)],
    cwd: ROOT,
    stdin: "null",
    stderr: "inherit",
  }).output();
  assert(success, "deno doc failed");
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as { nodes: Record<string, Module> };
  assertEquals(Object.keys(nodes).length, Object.keys(exports).length);
  return Object.values(nodes);
}

/** The share of what is exported that says what it is. */
function documentedShare(modules: readonly Module[]): number {
  const declarations = modules.flatMap(({ symbols }) => symbols.flatMap((symbol) => symbol.declarations))
    .filter(({ declarationKind }) => declarationKind !== "private");
  return declarations.filter(({ jsDoc }) => jsDoc?.doc).length / declarations.length;
}

/** Whether slow types are refused: by the linter and by `deno publish`, unless somebody allows them. */
async function refusesSlowTypes(): Promise<boolean> {
  const { lint } = await readConfig();
  const paths = ["tools/publish.ts", "deno.json", ".github/workflows/publish.yml"];
  const texts = await Promise.all(paths.map((path) => Deno.readTextFile(new URL(path, ROOT))));
  return lint.rules.tags.includes("jsr") && !texts.some((text) => text.includes("slow-types"));
}

Deno.test("JSR's score is 100 % with what RELEASING.md asks for", async () => {
  const modules = await entryPoints();
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const { publish } = await readConfig();
  const points = {
    readme: publish.include.includes("README.md") ? 2 : 0,
    examples: readme.includes("```") ? 1 : 0,
    entryPoints: modules.every(({ module_doc }) => module_doc?.doc) ? 1 : 0,
    symbols: Math.floor(Math.min(1, documentedShare(modules) / ENOUGH_SYMBOLS) * 5),
    noSlowTypes: await refusesSlowTypes() ? 5 : 0,
  };
  assertEquals(points, { readme: 2, examples: 1, entryPoints: 1, symbols: 5, noSlowTypes: 5 });
  const sum = Object.values(points).reduce((a, b) => a + b);
  assertEquals(sum + OUTSIDE_THE_PACKAGE, FULL_SCORE);
});

Deno.test("everything that is exported says what it is, and each entry point shows an example", async () => {
  const modules = await entryPoints();
  assertEquals(documentedShare(modules), 1);
  for (const { module_doc } of modules) assertStringIncludes(module_doc?.doc ?? "", "```");
});

Deno.test("documentedShare() counts what others can see", () => {
  const declaration = (jsDoc?: { doc?: string }, declarationKind = "export") => ({
    ...{ kind: "function", declarationKind, ...(jsDoc ? { jsDoc } : {}) },
  });
  const symbols = [
    { name: "said", declarations: [declaration({ doc: "Does." })] },
    { name: "silent", declarations: [declaration(), declaration({})] },
    { name: "own", declarations: [declaration(undefined, "private")] },
  ];
  assertEquals(documentedShare([{ symbols }]), 1 / 3);
});
