/**
 * What this project is made of: every package that deno.lock names, and what comes from JSR, with its licence.
 *
 * @module
 */
import type { Lock } from "./lock.ts";
import { denoFlags, readConfig, ROOT } from "./run_flags.ts";

/** One version of one package that we depend on. */
export interface Package {
  /** Where it comes from. */
  readonly registry: "npm" | "jsr";
  /** With its scope. */
  readonly name: string;
  /** As locked; what the lock does not name has the range of deno.json. */
  readonly version: string;
  /** SPDX identifier. */
  readonly licence: string;
  /** The licence in full, with its copyright line. */
  readonly text: string;
  /** Where its source is. */
  readonly source: string;
  /** Whether users get it; the tests alone use the others. */
  readonly shipped: boolean;
  /** Subresource integrity, as the lock has it. */
  readonly integrity?: string;
  /** Where Deno keeps its files; of npm's packages alone. */
  readonly folder?: string;
  /** What it needs, as {@linkcode keyOf} names it. */
  readonly dependencies: readonly string[];
}

/** What a package.json says of who made it. */
export interface Manifest {
  license?: string;
  repository?: string | { url?: string };
  author?: string | { name?: string };
}

/** One package in a lock file. */
interface Locked {
  integrity?: string;
  dependencies?: string[];
}

/** What {@linkcode graph} finds. */
interface Graph {
  readonly specifiers: ReadonlySet<string>;
  readonly folders: ReadonlyMap<string, string>;
}

/** The parts of `deno info --json` that matter here. */
interface Info {
  modules: { dependencies?: { specifier: string }[] }[];
  npmPackages: Record<string, { name: string; version: string; localPath: string }>;
}

const STD_SOURCE = "https://github.com/denoland/std";
/** As each file of it says. */
const STD_HOLDER = "2018-2026 the Deno authors";
const LICENCE_FILE = /^(licen[cs]e|copying)(\.|$)/i;

/** `registry:name@version`: one package's name here. */
export function keyOf({ registry, name, version }: Pick<Package, "registry" | "name" | "version">): string {
  return `${registry}:${name}@${version}`;
}

/** `@scope/name@1.2.3_peer@1.0.0`, as a lock writes it, is version 1.2.3 of `@scope/name`. */
export function splitKey(key: string): { name: string; version: string } {
  const [, name = key, version = ""] = /^(@?[^@]+)@([^_]+)/.exec(key) ?? [];
  return { name, version };
}

/** A link that a reader can follow; npm takes `git@github.com:a/b.git`, `git+https://…` and `a/b` as well. */
export function sourceUrl(repository: Manifest["repository"], name: string): string {
  const given = typeof repository === "string" ? repository : repository?.url;
  if (!given) return `https://www.npmjs.com/package/${name}`;
  const path = /^(?:github:)?([\w.-]+\/[\w.-]+)$/.exec(given)?.[1] ??
    /github\.com[:/]([\w.-]+\/[\w.-]+)/.exec(given)?.[1];
  return path ? `https://github.com/${path.replace(/\.git$/, "")}` : given;
}

/** The terms of the MIT licence: our own LICENSE with another copyright line. */
async function mitText(holder: string): Promise<string> {
  const own = await Deno.readTextFile(new URL("LICENSE", ROOT));
  return own.replace(/^Copyright.*$/m, `Copyright (c) ${holder}`).trim();
}

/**
 * The licence in full. A package that brings no such file, and says that its licence is MIT, gets these terms with its
 * author's name.
 */
export async function licenceText(folder: string, { license, author }: Manifest): Promise<string> {
  for await (const { name } of Deno.readDir(folder)) {
    if (LICENCE_FILE.test(name)) return (await Deno.readTextFile(`${folder}/${name}`)).trim();
  }
  const holder = typeof author === "string" ? author : author?.name;
  if (license !== "MIT" || !holder) throw new Error(`Cannot find the licence of the package in ${folder}`);
  return await mitText(holder);
}

async function info(flags: string[], root: string): Promise<Info> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", ...flags, root],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot find out what ${root} imports`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** What the published modules import, and where Deno keeps every package of npm that the lock of this checkout names. */
async function graph(): Promise<Graph> {
  const { exports } = await readConfig(), { flags } = await denoFlags();
  const roots = await Promise.all(
    Object.values(exports).map((root) => info(flags, new URL(root, ROOT).href)),
  );
  const modules = roots.flatMap(({ modules }) => modules);
  const npm = roots.flatMap(({ npmPackages }) => Object.values(npmPackages));
  return {
    specifiers: new Set(modules.flatMap(({ dependencies = [] }) => dependencies.map((d) => d.specifier))),
    folders: new Map(npm.map(({ name, version, localPath }) => [`${name}@${version}`, localPath])),
  };
}

/** Whether a module or a part of what deno.json names is imported. */
function isImported({ specifiers }: Graph, bare: string): boolean {
  return [...specifiers].some((specifier) => specifier === bare || specifier.startsWith(`${bare}/`));
}

/** Those of npm among these imports of deno.json, and what they need, as a lock names them. */
function neededKeys({ specifiers = {}, npm = {} }: Lock, targets: readonly string[]): Set<string> {
  const waiting = targets.filter((target) => target.startsWith("npm:") && target in specifiers)
    .map((target) => `${splitKey(target.slice("npm:".length)).name}@${specifiers[target]}`);
  const keys = Object.keys(npm), found = new Set<string>();
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (found.has(key)) continue;
    found.add(key);
    const { dependencies = [] } = npm[key] as Locked;
    waiting.push(...dependencies.map((dependency) => resolve(dependency, keys)));
  }
  return found;
}

/** A lock names a dependency without its version where there is only one. */
function resolve(dependency: string, keys: readonly string[]): string {
  const key = keys.find((key) => key === dependency) ?? keys.find((key) => splitKey(key).name === dependency);
  if (!key) throw new Error(`Cannot find what the lock means by ${dependency}`);
  return key;
}

async function fromNpm(lock: Lock, graph: Graph): Promise<Package[]> {
  const { imports } = await readConfig(), keys = Object.keys(lock.npm ?? {});
  const published = Object.entries(imports).filter(([bare]) => isImported(graph, bare));
  const shipped = neededKeys(lock, published.map(([, target]) => target));
  return await Promise.all([...neededKeys(lock, Object.values(imports))].map(async (key) => {
    const { integrity, dependencies = [] } = lock.npm![key] as Locked;
    const { name, version } = splitKey(key), folder = graph.folders.get(`${name}@${version}`);
    if (!folder) throw new Error(`Cannot find ${key}: run deno task lock`);
    const manifest: Manifest = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
    return {
      ...{ registry: "npm" as const, name, version, folder, shipped: shipped.has(key) },
      ...(integrity ? { integrity } : {}),
      licence: manifest.license ?? "unknown",
      text: await licenceText(folder, manifest),
      source: sourceUrl(manifest.repository, name),
      dependencies: dependencies.map((dependency) =>
        keyOf({ registry: "npm", ...splitKey(resolve(dependency, keys)) })
      ),
    };
  }));
}

/** All that we take from JSR is Deno's own library: one licence, and what its packages need of each other is among it. */
async function fromJsr({ specifiers = {} }: Lock, graph: Graph): Promise<Package[]> {
  const { imports } = await readConfig(), text = await mitText(STD_HOLDER);
  return Object.entries(imports).filter(([, target]) => target.startsWith("jsr:")).map(([bare, target]) => {
    const { name, version } = splitKey(target.slice("jsr:".length));
    if (!name.startsWith("@std/")) throw new Error(`Cannot tell the licence of ${target}`);
    return {
      ...{ registry: "jsr" as const, name, version: specifiers[target] ?? version },
      ...{ licence: "MIT", text, source: STD_SOURCE, dependencies: [] },
      shipped: isImported(graph, bare),
    };
  });
}

/**
 * Every package that deno.json names, and what they need, in the order of their names.
 *
 * @param lock The one that is committed names the same wherever it is read; the copy in `.cache/` what this checkout runs.
 */
export async function packages(lock: Lock): Promise<Package[]> {
  const seen = await graph();
  const all = [...await fromNpm(lock, seen), ...await fromJsr(lock, seen)];
  return all.sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1);
}

/** The packages of the lock that is committed. */
export async function committedPackages(): Promise<Package[]> {
  return await packages(JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT))));
}
