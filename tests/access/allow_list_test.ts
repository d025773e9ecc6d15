import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AllowList } from "../../lib/access/allow_list.ts";
import { parseAllowList } from "../../lib/access/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { inFolder } from "./_folder.ts";

const [ann, bob, eve] = Array.from({ length: 3 }, () => generateIdentity().id) as [string, string, string];

Deno.test("parseAllowList() reads ids with names, comments and empty lines around them", () => {
  const text = `# friends\r\n\n${ann}\n  bob\t${bob.toUpperCase()} # since May\r\n#${eve}\n${ann}`;
  assertEquals(parseAllowList(text), new Set([ann, bob]));
  assertEquals(parseAllowList(""), new Set());
  for (const end of ["\r", "\u2028"]) { // ends of lines to an expression, but not to an editor
    assertEquals(parseAllowList(`${ann} # not${end}${eve}`), new Set([ann]));
  }
});

Deno.test("parseAllowList() names the line that it cannot read", () => {
  const table: [text: string, why: string][] = [
    [`${ann}\nbob`, "line 2 of the allow list: Cannot read the id: it must have 52 characters"],
    ["\u0000\u0001", "line 1"],
    [`${ann} ${bob} ${eve}`, "a line holds one id"],
    [`${ann}, ${bob}`.replace(" ", ""), "line 1"],
    ["x".repeat(100_000), "line 1"],
  ];
  for (const [text, why] of table) assertThrows(() => parseAllowList(text), SyntaxError, why);
});

Deno.test("AllowList takes a list that was edited, and keeps the last good one while it makes no sense", () =>
  inFolder(async (folder) => {
    const allowFile = `${folder}/friends`;
    await Deno.writeTextFile(allowFile, ann);
    const said: [peers: number, why: boolean][] = [];
    const onRead = (peers: number, error?: Error) => said.push([peers, error !== undefined]);
    const list = await AllowList.open({ allow: [bob], allowFile, onRead });
    const allowed = () => [ann, bob, eve].map((id) => list.has(id));
    assertEquals([allowed(), list.size], [[true, true, false], 2]);
    await Deno.writeTextFile(allowFile, `${eve} # ann has moved`);
    await list.refresh();
    assertEquals(allowed(), [false, true, true]);
    await Deno.writeTextFile(allowFile, "garbage");
    await list.refresh();
    assertEquals(allowed(), [false, true, true]);
    await Deno.writeTextFile(allowFile, "");
    await list.refresh();
    assertEquals([allowed(), said], [[false, true, false], [[2, false], [2, true], [1, false]]]);
  }));

Deno.test("AllowList.open() refuses what is no id, and a file that is not there or is far too large", () =>
  inFolder(async (folder) => {
    await assertRejects(() => AllowList.open({ allow: ["ann"] }), SyntaxError, "Cannot read the id");
    const allowFile = `${folder}/friends`;
    await assertRejects(() => AllowList.open({ allowFile }), Deno.errors.NotFound, allowFile);
    await Deno.writeTextFile(allowFile, "#".repeat(1024 * 1024 + 1));
    await assertRejects(() => AllowList.open({ allowFile }), SyntaxError, allowFile);
  }));
