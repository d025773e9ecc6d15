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

/** What the published modules import, and where npm's packages lie. */
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
    args: ["info", "--json", ...flags, new URL(root, ROOT).href],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot find out what ${root} imports`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function graph(): Promise<Graph> {
  const { exports } = await readConfig(), { flags } = await denoFlags();
  const roots = await Promise.all(Object.values(exports).map((root) => info(flags, root)));
  const modules = roots.flatMap(({ modules }) => modules);
  const npm = roots.flatMap(({ npmPackages }) => Object.values(npmPackages));
  return {
    specifiers: new Set(modules.flatMap(({ dependencies = [] }) => dependencies.map((d) => d.specifier))),
    folders: new Map(npm.map(({ name, version, localPath }) => [`${name}@${version}`, localPath])),
  };
}

/** A lock names a dependency without its version where there is only one. */
function resolve(dependency: string, keys: readonly string[]): string {
  const key = keys.find((key) => key === dependency) ?? keys.find((key) => splitKey(key).name === dependency);
  if (!key) throw new Error(`Cannot find what the lock means by ${dependency}`);
  return keyOf({ registry: "npm", ...splitKey(key) });
}

async function fromNpm(lock: Lock, { folders }: Graph): Promise<Package[]> {
  const locked = Object.entries(lock.npm ?? {}) as [string, Locked][];
  const keys = locked.map(([key]) => key);
  return await Promise.all(locked.map(async ([key, { integrity, dependencies = [] }]) => {
    const { name, version } = splitKey(key), folder = folders.get(`${name}@${version}`);
    if (!folder) throw new Error(`Cannot find ${key}, which no published module imports: run deno task lock`);
    const manifest: Manifest = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
    return {
      ...{ registry: "npm" as const, name, version, shipped: true, ...(integrity ? { integrity } : {}) },
      licence: manifest.license ?? "unknown",
      text: await licenceText(folder, manifest),
      source: sourceUrl(manifest.repository, name),
      dependencies: dependencies.map((dependency) => resolve(dependency, keys)),
    };
  }));
}

/** All that we take from JSR is Deno's own library: one licence, and what its packages need of each other is among it. */
async function fromJsr({ specifiers = {} }: Lock, graph: Graph): Promise<Package[]> {
  const { imports } = await readConfig(), text = await mitText(STD_HOLDER);
  const imported = [...graph.specifiers];
  return Object.entries(imports).filter(([, target]) => target.startsWith("jsr:")).map(([bare, target]) => {
    const { name, version } = splitKey(target.slice("jsr:".length));
    if (!name.startsWith("@std/")) throw new Error(`Cannot tell the licence of ${target}`);
    return {
      ...{ registry: "jsr" as const, name, version: specifiers[target] ?? version },
      ...{ licence: "MIT", text, source: STD_SOURCE, dependencies: [] },
      shipped: imported.some((specifier) => specifier === bare || specifier.startsWith(`${bare}/`)),
    };
  });
}

/**
 * Every package of npm that a lock names, and what deno.json names of JSR, in the order of their names.
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
