/** The shape of the code that design and style promise, held: who may import whom, and how long a file gets. */
import { assertEquals } from "@std/assert";
import { ROOT } from "../tools/run_flags.ts";
import { code, importsOf, localImports, PRIVATE_STAGE, type Source, sourcesIn, stageOf } from "./_imports.ts";

/** The pipeline. A stage imports only from those before it. */
const STAGES = [
  "runtime",
  "errors",
  "bytes",
  "endpoint",
  "occupancy",
  "nat",
  "byte_stream",
  "io",
  "progress",
  "identity",
  "access",
  "discovery",
  "candidates",
  "punch",
  "check",
  "tunnel",
  "control",
  "targets",
  "network",
  "netcheck",
  PRIVATE_STAGE,
  "serve",
  "connect",
];

/** Each package of npm has one file that knows it; the rest of the code knows that file. */
const ADAPTERS: Record<string, string> = {
  "bittorrent-dht": "lib/discovery/node.ts",
  "bencode": "lib/discovery/bencode.ts",
  "k-bucket": "lib/discovery/table.ts",
  "dns-packet": "lib/discovery/record.ts",
  "undici": "lib/targets/_http_client.ts",
  "uqr": "cli/_qr.ts",
  "z32": "lib/identity/id.ts",
  "@peculiar/asn1-schema": "lib/identity/certificate.ts",
  "@peculiar/asn1-x509": "lib/identity/certificate.ts",
};

/** Packages that tests alone use, and the one file that knows each. */
const TEST_ADAPTERS: Record<string, string> = { "fast-check": "tests/fuzz/_fast_check.ts" };

/** Files without a test file of the same name, and why. */
const UNMIRRORED: [pattern: RegExp, reason: string][] = [
  [/\/(mod|types)\.ts$/, "names only, no behaviour"],
  [/^lib\/byte_stream\.ts$/, "one interface"],
];

const MAX_LINES = 300;
function wrongDirection(source: Source): string[] {
  const own = STAGES.indexOf(stageOf(source.path));
  if (own < 0) return [`${source.path}: no stage of that name`];
  return localImports(source)
    .filter((imported) => STAGES.indexOf(stageOf(imported)) > own || !imported.startsWith("lib/"))
    .map((imported) => `${source.path} imports ${imported}`);
}

function sideEntrances(source: Source): string[] {
  return localImports(source)
    .filter((imported) => imported.split("/").length > 2 && stageOf(imported) !== stageOf(source.path))
    .filter((imported) => imported.startsWith("lib/") && !imported.endsWith("/mod.ts"))
    .map((imported) => `${source.path} imports ${imported}`);
}

function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function strayPackages({ path, text }: Source): string[] {
  return importsOf(text)
    .filter((specifier) => !/^(\.|node:|@std\/)/.test(specifier))
    .filter((specifier) => ADAPTERS[packageOf(specifier)] !== path)
    .map((specifier) => `${path} imports ${specifier}`);
}

function mirror(path: string): string[] {
  const test = path.replace(/^lib\//, "").replace(/\.ts$/, "_test.ts");
  return [`tests/${test}`, `tests/${test.replace(/(^|\/)_([^/]+)$/, "$1$2")}`];
}

Deno.test("importsOf() finds every form of import and none in a comment", () => {
  const text = `
/** import { no } from "./in_jsdoc.ts"; */
// import "./in_comment.ts";
import {
  a,
} from "./several_lines.ts";
import type { T } from "./type.ts";
import "./effect.ts";
export * from "./all.ts";
export { b } from "./named.ts";
export const c = await import("./dynamic.ts");
export const d = 'from "./string.ts"';
export function e() {
  return ["from", "./list.ts"];
}
export type F = "f" | "g";
`;
  assertEquals(importsOf(text), [
    "./several_lines.ts",
    "./type.ts",
    "./effect.ts",
    "./all.ts",
    "./named.ts",
    "./dynamic.ts",
  ]);
});

Deno.test("the rules notice what they forbid", () => {
  const up = { path: "lib/punch/a.ts", text: 'import { serve } from "../serve.ts";\n' };
  const side = { path: "lib/punch/a.ts", text: 'import { walk } from "../discovery/walk.ts";\n' };
  const stray = { path: "lib/punch/a.ts", text: 'import DHT from "bittorrent-dht/server.js";\n' };
  assertEquals(wrongDirection(up).length, 1);
  assertEquals(wrongDirection(side).length, 0);
  assertEquals(sideEntrances(side).length, 1);
  assertEquals(strayPackages(stray).length, 1);
});

Deno.test("a stage of lib imports only from the stages before it", async () => {
  assertEquals((await sourcesIn("lib")).flatMap(wrongDirection), []);
});

Deno.test("a folder of lib is entered only through its mod.ts", async () => {
  const sources = [...await sourcesIn("lib"), ...await sourcesIn("cli")];
  assertEquals(sources.flatMap(sideEntrances), []);
});

Deno.test("each package of npm is known to one file, which uses it", async () => {
  const sources = [...await sourcesIn("lib"), ...await sourcesIn("cli")];
  assertEquals(sources.flatMap(strayPackages), []);
  const used = sources.flatMap(({ text }) => importsOf(text).map(packageOf));
  assertEquals(Object.keys(ADAPTERS).filter((name) => !used.includes(name)), []);
});

Deno.test("a package that only tests use is known to one file of them, and is not published", async () => {
  const uses = (await sourcesIn("tests")).flatMap(({ path, text }) =>
    importsOf(text).map(packageOf).filter((name) => name in TEST_ADAPTERS).map((name) => [name, path])
  );
  assertEquals(uses, Object.entries(TEST_ADAPTERS));
  const { publish } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  assertEquals(publish.include.filter((path: string) => path.startsWith("tests")), []);
});

Deno.test("lib never writes to the console", async () => {
  const talkative = (await sourcesIn("lib")).filter(({ text }) => /\bconsole\b/.test(code(text)));
  assertEquals(talkative.map(({ path }) => path), []);
});

Deno.test(`no file of lib, cli or tools is longer than ${MAX_LINES} lines`, async () => {
  const folders = await Promise.all(["lib", "cli", "tools"].map(sourcesIn));
  const long = folders.flat().filter(({ text }) => text.split("\n").length - 1 > MAX_LINES);
  assertEquals(long.map(({ path }) => path), []);
});

Deno.test("every file of lib and cli has its test file", async () => {
  const sources = [...await sourcesIn("lib"), ...await sourcesIn("cli")];
  const tests = new Set((await sourcesIn("tests")).map(({ path }) => path));
  const untested = sources.map(({ path }) => path)
    .filter((path) => !UNMIRRORED.some(([pattern]) => pattern.test(path)))
    .filter((path) => !mirror(path).some((test) => tests.has(test)));
  assertEquals(untested, []);
});
