/**
 * Who imports whom.
 *
 * @module
 */
import { ROOT } from "../tools/run_flags.ts";

/** Files directly in lib/ whose name begins with an underscore: they belong to serve and connect together. */
export const PRIVATE_STAGE = "_";

/** A file of this checkout, by its path from the root. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** Every module below a folder, sorted. */
export async function sourcesIn(folder: string): Promise<Source[]> {
  const sources: Source[] = [];
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) sources.push(...await sourcesIn(path));
    else if (path.endsWith(".ts")) sources.push({ path, text: await Deno.readTextFile(new URL(path, ROOT)) });
  }
  return sources.sort((a, b) => a.path.localeCompare(b.path));
}

/** The text without comments: examples in JSDoc import what they like. */
export function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

/** Every specifier that a module imports or re-exports, static or dynamic. */
export function importsOf(text: string): string[] {
  const from = /^(?:import|export)\s[^;"'=()]*?\bfrom\s*["']([^"']+)["']/;
  const bare = /^import\s*["']([^"']+)["']/;
  const dynamic = /\bimport\(\s*["']([^"']+)["']/;
  const statements = new RegExp([from, bare, dynamic].map(({ source }) => source).join("|"), "gm");
  return [...code(text).matchAll(statements)].map(([, ...groups]) => groups.find((group) => group) ?? "");
}

/** `lib/punch/port.ts` and `../endpoint.ts` make `lib/endpoint.ts`. */
function target(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

/** The stage that a path belongs to: a folder or file directly in lib/, or a folder beside it. */
export function stageOf(path: string): string {
  const [folder = "", file = ""] = path.split("/");
  if (folder !== "lib") return folder;
  const name = file.replace(/\.ts$/, "");
  return name.startsWith("_") ? PRIVATE_STAGE : name;
}

/** What of this checkout a file imports, by its path. */
export function localImports({ path, text }: Source): string[] {
  return importsOf(text).filter((specifier) => specifier.startsWith(".")).map((specifier) =>
    target(path, specifier)
  );
}

/** Stages to the stages that they import. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Who imports whom among `sources`. */
export function importGraph(sources: readonly Source[]): Graph {
  const graph = new Map<string, Set<string>>();
  for (const source of sources) {
    const own = stageOf(source.path);
    const imported = graph.get(own) ?? new Set();
    for (const stage of localImports(source).map(stageOf)) if (stage !== own) imported.add(stage);
    graph.set(own, imported);
  }
  return graph;
}

/** Everything that a stage imports, by others too. */
function reach(graph: Graph, stage: string, seen = new Set<string>()): Set<string> {
  for (const next of graph.get(stage) ?? []) {
    if (!seen.has(next)) reach(graph, next, seen.add(next));
  }
  return seen;
}

/** The graph without the imports that others imply. */
export function withoutImplied(graph: Graph): Graph {
  const isImplied = (from: Iterable<string>, to: string) =>
    [...from].some((between) => between !== to && reach(graph, between).has(to));
  return new Map(
    [...graph].map(([stage, imported]) =>
      [stage, new Set([...imported].filter((to) => !isImplied(imported, to)))] as const
    ),
  );
}
