/** docs/COMMANDS.md names everything that `--json` prints. */
import { assert, assertEquals } from "@std/assert";
import { code, sourcesIn } from "../_imports.ts";
import { read, section, tableIn } from "./_markdown.ts";

/** Messages between a page and the chat have a `type`, too, and are no output. */
const OTHERS = /^cli\/(page\/|_chat_)|^lib\/(?!progress\.ts)/;

/** The fields of each event of `Progress`, by its type. */
function progressFields(text: string): [type: string, fields: string[]][] {
  const [, union = ""] = code(text).match(/^export type Progress =([^;]*(?:;[^;]*)*?\};)$/m) ?? [];
  return union.split(/^ {2}\| \{/m).slice(1).map((member) => {
    const [type = "", ...fields] = [...member.matchAll(/readonly (\w+)\??: ("([\w-]+)")?/g)]
      .map(([, field, , type]) => field === "type" ? type! : field!);
    return [type, fields];
  });
}

Deno.test("docs/COMMANDS.md names each field of what the stages report", async () => {
  const rows = tableIn(section(await read("docs/COMMANDS.md"), "## `--json`"));
  const fields = progressFields(await read("lib/progress.ts"));
  assert(fields.length > 10, `${fields}`);
  for (const [type, names] of fields) {
    if (type === "ready") continue; // the command has one of its own
    const [, documented = ""] = rows.find(([types]) => types!.split(", ").includes(type))!;
    const missing = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(documented));
    assertEquals(missing, [], type);
  }
});

/** What is said only where there is something to say. */
const RARE = ["outwards", "note"];

Deno.test("docs/COMMANDS.md shows a report of skip check with all its lines", async () => {
  const labels = [...code(await read("cli/_report.ts")).matchAll(/\bfact\(\s*"([^"]+)"/g)].map(([, label]) =>
    label!
  );
  const [, shown = ""] = (await read("docs/COMMANDS.md")).match(/^\$ skip check .*\n([^]*?)\n\n/m) ?? [];
  const documented = shown.split("\n").map((line) => line.slice(0, 15).trimEnd());
  assertEquals(documented, labels.filter((label) => !RARE.includes(label)));
});

Deno.test("docs/COMMANDS.md lists each type of object that --json prints, and no other", async () => {
  const rows = tableIn(section(await read("docs/COMMANDS.md"), "## `--json`"));
  const listed = new Set(rows.flatMap(([types]) => types!.split(", ")));
  const sources = [...await sourcesIn("lib"), ...await sourcesIn("cli")].filter(({ path }) =>
    !OTHERS.test(path)
  );
  const printed = sources.flatMap(({ text }) =>
    [...code(text).matchAll(/(?<!(?:with:?|tell\()\s?\{ )\btype: "([a-z-]+)"/g)].map(([, type]) => type!)
  );
  assertEquals([...listed].sort(), [...new Set(printed)].sort());
});
