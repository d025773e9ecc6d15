/** What `deno task test` runs as examples (`--doc`) is there: every export for users is documented with one. */
import { assert, assertEquals } from "@std/assert";
import { denoFlags, ROOT } from "../tools/run_flags.ts";

/** What a reader of README.md has from the other side. They run on the internet, so here they are only compiled. */
const KNOWN_ID = "declare const id: string;\n";

/** The parts of `deno doc --json` that the tests read. */
interface Declaration {
  kind: string;
  jsDoc?: { doc?: string; tags?: { kind: string; doc?: string }[] };
}
interface Documentation {
  nodes: Record<string, { symbols: { name: string; declarations: Declaration[] }[] }>;
}

/** A code block that `deno test --doc` runs: TypeScript that is not marked as `ignore`. */
const RUNNABLE = /^```(?:ts|typescript)\s*$/m;
/** What a user calls, as opposed to the shapes that go in and out. */
const CALLABLE = ["function", "class"];

/** Runs a subcommand of Deno in the checkout, which must succeed, and gives what it printed. */
async function deno(subcommand: string, ...args: string[]): Promise<string> {
  const { flags } = await denoFlags();
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [subcommand, "--quiet", ...flags, ...args],
    cwd: ROOT,
    stdin: "null",
    stderr: "inherit",
  }).output();
  assert(success, `deno ${subcommand} ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}

function hasExample({ jsDoc }: Declaration): boolean {
  const texts = [jsDoc?.doc, ...(jsDoc?.tags ?? []).map(({ doc }) => doc)];
  return texts.some((text) => RUNNABLE.test(text ?? ""));
}

/** Names of what a user can call and that shows no example which runs. */
function withoutExample({ nodes }: Documentation): string[] {
  return Object.values(nodes).flatMap(({ symbols }) =>
    symbols
      .filter(({ declarations }) => declarations.some(({ kind }) => CALLABLE.includes(kind)))
      .filter(({ declarations }) => !declarations.some(hasExample))
      .map(({ name }) => name)
  );
}

Deno.test("withoutExample() sees an example that runs, and no other", () => {
  const symbol = (name: string, kind: string, doc: string) => ({
    name,
    declarations: [{ kind, jsDoc: { tags: [{ kind: "example", doc }] } }],
  });
  const symbols = [
    symbol("runs", "function", "```ts\nf();\n```"),
    symbol("ignored", "function", "```ts ignore\nf();\n```"),
    symbol("prose", "class", "Call it."),
    symbol("Shape", "interface", ""),
  ];
  assertEquals(withoutExample({ nodes: { "mod.ts": { symbols } } }), ["ignored", "prose"]);
});

Deno.test("every function and class of mod.ts is documented with an example that runs", async () => {
  assertEquals(withoutExample(JSON.parse(await deno("doc", "--json", "mod.ts"))), []);
});

Deno.test("the programs in README.md compile as they stand", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const programs = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, program]) => program);
  assert(programs.length > 0, "README.md shows no program");
  const folder = await Deno.makeTempDir({ prefix: "skip-readme-" });
  try {
    const files = programs.map((_, index) => `${folder}/program_${index}.ts`);
    for (const [index, program] of programs.entries()) {
      await Deno.writeTextFile(files[index]!, KNOWN_ID + program);
    }
    await deno("check", ...files);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
