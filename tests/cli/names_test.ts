import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CommandError, UsageError } from "../../cli/_exit.ts";
import { addName, isName, parseNames, readName, readNames, removeName } from "../../cli/_names.ts";
import { generateIdentity } from "../../mod.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const [ann, bob] = Array.from({ length: 2 }, () => generateIdentity().id) as [string, string];

Deno.test("readName() takes a short word, in lower case, that can be no id", () => {
  assertEquals([readName("Home"), readName("nas-2"), isName(ann)], ["home", "nas-2", false]);
  for (const text of ["", "-x", "2nd", "a b", "a_b", "ü", "a".repeat(33), ann, "a\n"]) {
    assertThrows(() => readName(text), UsageError, "is no name");
  }
});

Deno.test("addName() and removeName() keep the rest of the file, comments included", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/new/names`;
  assertEquals(await readNames(path), new Map());
  await addName(path, "ann", ann);
  await Deno.writeTextFile(path, `# friends\n\nbob  ${bob.toUpperCase()} # since May`, { append: true });
  await addName(path, "home", bob);
  await addName(path, "home", bob);
  assertEquals([...await readNames(path)], [["ann", ann], ["bob", bob], ["home", bob]]);
  assertEquals([await removeName(path, "ann"), await removeName(path, "ann")], [ann, undefined]);
  const text = `# friends\n\nbob  ${bob.toUpperCase()} # since May\nhome ${bob}\n`;
  assertEquals(await Deno.readTextFile(path), text);
  if (Deno.build.os !== "windows") assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("addName() never lets a name stand for another peer than before", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/names`;
  await addName(path, "home", ann);
  await assertRejects(() => addName(path, "home", bob), UsageError, `home is already ${ann}`);
  assertEquals((await readNames(path)).get("home"), ann);
});

Deno.test("parseNames() takes a comment for one up to the end of its line", () => {
  for (const end of ["\r", "\u2028"]) {
    assertEquals([...parseNames([`ann ${ann} # not${end}bob`], "names")], [["ann", ann]]);
  }
});

Deno.test("readNames() names the line that it cannot read", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/names`;
  for (const line of ["home", `home ${ann} ${bob}`, `2 ${ann}`, "home nowhere", "x".repeat(100_000)]) {
    await Deno.writeTextFile(path, `# names\n${line}\n`);
    for (
      const use of [() => readNames(path), () => addName(path, "bob", bob), () => removeName(path, "bob")]
    ) {
      await assertRejects(use, CommandError, `line 2 of ${path}`);
    }
  }
});
