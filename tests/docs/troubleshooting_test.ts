/** docs/TROUBLESHOOTING.md explains every way in which something can fail, and no other. */
import { assertEquals } from "@std/assert";
import { Exit, explain } from "../../cli/_exit.ts";
import { PeerError, type PeerErrorCode, REMEDIES } from "../../lib/errors.ts";
import { code, sourcesIn } from "../_imports.ts";
import { read, section, tableIn } from "./_markdown.ts";

const PAGE = "docs/TROUBLESHOOTING.md";

/** The codes that have a heading of their own in a section. */
async function explained(heading: string): Promise<string[]> {
  const text = section(await read(PAGE), heading);
  return [...text.matchAll(/^### `([a-z-]+)`$/gm)].map(([, name]) => name!);
}

/** The codes that the command has words for. */
async function commandCodes(): Promise<string[]> {
  const texts = (await sourcesIn("cli")).map(({ text }) => code(text));
  const values = texts.flatMap((text) =>
    [...text.matchAll(/\bcode: ([^,;\n]+)/g)].map(([, value]) => value!)
  );
  return [...new Set(values.flatMap((value) => value.match(/(?<=")[a-z][a-z-]*(?=")/g) ?? []))];
}

Deno.test("docs/TROUBLESHOOTING.md explains every code of a PeerError, in their order", async () => {
  assertEquals(await explained("## Between peers"), Object.keys(REMEDIES));
});

Deno.test("docs/TROUBLESHOOTING.md explains every code of the command's own", async () => {
  const own = (await commandCodes()).filter((name) => !Object.hasOwn(REMEDIES, name));
  assertEquals((await explained("## On this machine")).sort(), own.sort());
});

Deno.test("docs/TROUBLESHOOTING.md says of each exit code what it means, and what leads to it", async () => {
  const rows = tableIn(section(await read(PAGE), "## Exit codes"));
  assertEquals(rows.map(([exit]) => Number(exit)), Object.values(Exit));
  const readme = tableIn(section(await read("README.md"), "### Exit codes"));
  assertEquals(rows.map(([exit, meaning]) => [exit, meaning]), readme);

  const listed = Object.fromEntries(
    rows.flatMap(([exit, , codes]) => codes!.split(", ").map((name) => [name, Number(exit)])),
  );
  for (const name of Object.keys(REMEDIES)) {
    assertEquals(listed[name], explain(new PeerError(name as PeerErrorCode, "")).exit, name);
  }
  const unlisted = (await commandCodes()).filter((name) => !Object.hasOwn(listed, name));
  assertEquals(unlisted, ["not-allowed"], "which ends no command");
});

Deno.test("docs/TROUBLESHOOTING.md explains every fault of a target", async () => {
  const source = await read("lib/targets/_fault.ts");
  const [, union = ""] = source.match(/type FaultCode = ([^;]+);/) ?? [];
  const rows = tableIn(section(await read(PAGE), "## Behind a serving peer"));
  assertEquals(rows.map(([name]) => name), [...union.matchAll(/"([a-z-]+)"/g)].map(([, name]) => name));
});
