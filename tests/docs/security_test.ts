/** SECURITY.md promises nothing that no test holds. */
import { assert, assertEquals } from "@std/assert";
import { read, section } from "./_markdown.ts";

/** A promise, and the tests that are said to hold it. */
interface Promised {
  readonly key: string;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
}

/** `- **K2. …**`, and below it `- FILE: name of the test`, which may go on in the next line. */
function promises(text: string): Promised[] {
  return text.split(/^- \*\*(?=[A-Z]\d+\. )/m).slice(1).map((item) => ({
    key: item.slice(0, item.indexOf(".")),
    tests: [...item.matchAll(/^ {2}- `(tests\/[^`]+)`: (.+(?:\n {4}.+)*)$/gm)]
      .map(([, file, name]) => ({ file: file!, name: name!.replace(/\s+/g, " ") })),
  }));
}

/** The names that a test file gives to what it calls, as patterns: `${…}` is whatever the loop around it says. */
function namesIn(source: string): RegExp[] {
  const literals = source.matchAll(/(?:\w\(\s*|\bname: )(?:"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g);
  return [...literals].map(([, plain, template]) => {
    const parts = plain === undefined ? template!.split(/\$\{[^}]*\}/) : [plain];
    return new RegExp(`^${parts.map((part) => RegExp.escape(part)).join(".+")}$`);
  });
}

Deno.test("namesIn() finds names of every form, and no other text of a file", () => {
  const source = [
    'Deno.test("plain", () => {});',
    'Deno.test(`takes ${a} and ${b ? "x" : "y"}`, () => {});',
    'labTest(\n  "broken line",\n',
    'Deno.test({ name: "an object", fn() {} });',
    'const other = "no name";',
  ].join("\n");
  const patterns = namesIn(source);
  const isName = (name: string) => patterns.some((pattern) => pattern.test(name));
  for (const name of ["plain", "takes 1 and y", "broken line", "an object"]) assert(isName(name), name);
  for (const name of ["no name", "takes 1", "plain text"]) assert(!isName(name), name);
});

Deno.test("each promise of SECURITY.md names a test, and each of these tests is there", async () => {
  const sources = new Map<string, RegExp[]>();
  const missing: string[] = [];
  for (const { key, tests } of promises(await read("SECURITY.md"))) {
    if (tests.length === 0) missing.push(`${key}: no test`);
    for (const { file, name } of tests) {
      if (!sources.has(file)) sources.set(file, namesIn(await read(file).catch(() => "")));
      if (!sources.get(file)!.some((pattern) => pattern.test(name))) missing.push(`${key}: ${file}: ${name}`);
    }
  }
  assertEquals(missing, []);
});

Deno.test("the promises of SECURITY.md are numbered in order, and each party has some", async () => {
  const text = await read("SECURITY.md");
  const keys = promises(text).map(({ key }) => key);
  const letters = [...new Set(keys.map((key) => key[0]!))];
  const numbered = letters.flatMap((letter) =>
    keys.filter((key) => key.startsWith(letter)).map((_, i) => `${letter}${i + 1}`)
  );
  assertEquals(keys, numbered);
  const headings = [...section(text, "## What is promised").matchAll(/^### ([A-Z]):/gm)].map(([, l]) => l);
  assertEquals(letters, headings);
  for (const [, named] of section(text, "## The parties").matchAll(/\| ([A-Z][A-Z0-9, ]*?) *\|$/gm)) {
    for (const key of named!.split(", ")) assert(letters.includes(key) || keys.includes(key), key);
  }
});
