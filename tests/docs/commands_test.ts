/** docs/COMMANDS.md names everything that `--json` prints. */
import { assertEquals } from "@std/assert";
import { code, sourcesIn } from "../_imports.ts";
import { read, section, tableIn } from "./_markdown.ts";

/** Messages between a page and the chat have a `type`, too, and are no output. */
const OTHERS = /^cli\/(page\/|_chat_)|^lib\/(?!progress\.ts)/;

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
