/** ARCHITECTURE.md shows the stages and the imports that are there. */
import { assertEquals } from "@std/assert";
import { type Graph, importGraph, PRIVATE_STAGE, sourcesIn, withoutImplied } from "../_imports.ts";
import { read, section, tableIn } from "./_markdown.ts";

/** How the picture names what has a name of no letters. */
const PARTS = "parts";

/** `a --> b["label"]` of a flow chart, as pairs. */
function arrows(text: string): string[] {
  const [, chart = ""] = text.match(/^```mermaid\nflowchart [^\n]*\n([\s\S]*?)^```$/m) ?? [];
  return [...chart.matchAll(/^ *(\w+) --> (\w+)/gm)].map(([, from, to]) => `${from} --> ${to}`).sort();
}

/** The arrows of a graph between some of its stages. */
function arrowsOf(graph: Graph, stages: ReadonlySet<string>): string[] {
  const name = (stage: string) => stage === PRIVATE_STAGE ? PARTS : stage;
  return [...graph].filter(([from]) => stages.has(from))
    .flatMap(([from, imported]) =>
      [...imported].filter((to) => stages.has(to)).map((to) => `${name(from)} --> ${name(to)}`)
    ).sort();
}

/** The names in the first column of a table. */
function named(table: string[][]): string[] {
  return table.map(([name]) => name === "_*.ts" ? PRIVATE_STAGE : name!.replace(/\.ts$/, ""));
}

Deno.test("withoutImplied() leaves out what is imported through others too", () => {
  const graph = new Map([
    ["top", new Set(["middle", "bottom"])],
    ["middle", new Set(["bottom"])],
    ["bottom", new Set<string>()],
  ]);
  assertEquals(withoutImplied(graph).get("top"), new Set(["middle"]));
});

Deno.test("ARCHITECTURE.md draws an arrow for each import between stages that no other implies", async () => {
  const page = section(await read("ARCHITECTURE.md"), "## The stages");
  const [, words = ""] = page.split("The files beside them");
  const graph = importGraph([...await sourcesIn("lib"), ...await sourcesIn("cli")]);
  const stages = new Set(named(tableIn(page)));
  assertEquals(arrows(page), arrowsOf(withoutImplied(graph), stages));
  const all = [...graph.keys()].sort();
  assertEquals([...stages, ...named(tableIn(words))].sort(), all, "every stage is in one of the two tables");
});

Deno.test("ARCHITECTURE.md speaks of files that are there", async () => {
  const paths = [...(await read("ARCHITECTURE.md")).matchAll(/`((?:lib|cli)\/[\w/]+\.ts)`/g)];
  for (const [, path] of paths) await read(path!);
});
