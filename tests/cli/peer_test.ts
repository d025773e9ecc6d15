import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../cli/_exit.ts";
import { readPeer } from "../../cli/_peer.ts";
import { generateIdentity } from "../../mod.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const { id } = generateIdentity();

Deno.test("readPeer() takes an id in any form, and a petname in any case", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/names`;
  await Deno.writeTextFile(path, `home ${id}\n`);
  for (const text of [id, id.toUpperCase(), `skip://${id}/`, "home", " Home"]) {
    assertEquals(await readPeer(text, () => path), id);
  }
});

Deno.test("readPeer() tells a name that nobody has from an id that is wrong", async () => {
  await using folder = await temporaryFolder();
  const names = () => `${folder.path}/names`;
  const table: [text: string, why: string][] = [
    ["home", 'no peer with the name "home"'],
    [id.slice(1), "must have 52 characters, not 51"],
    ["", "must have 52 characters, not 0"],
    ["not a name", '"l"|"n"|is not one of|must have'],
  ];
  for (const [text, why] of table) {
    const error = await assertRejects(() => readPeer(text, names), UsageError);
    assertEquals(new RegExp(why).test(error.message), true, error.message);
  }
});
