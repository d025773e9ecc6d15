import { assert, assertEquals, assertThrows } from "@std/assert";
import { COMMANDS } from "../../cli/_commands.ts";
import { readFlags } from "../../cli/_flags.ts";

Deno.test("each command reads its flags by the table that completions are made from", async () => {
  for (const [name, load] of Object.entries(COMMANDS)) {
    const { run, flags } = await load();
    if (name === "help") continue; // it takes no flags
    const call = `("${name}", args, ${name.toUpperCase()}_FLAGS)`;
    const calls = [`readFlags${call}`, `readVisit${call}`]; // the latter calls the former
    assert(calls.some((one) => run.toString().includes(one)), `skip ${name} does not ${calls[0]}`);
    assertThrows(() => readFlags(name, ["--no-such-flag"], flags));
  }
});

Deno.test("paths and rivals are flags of their own table", async () => {
  for (const load of Object.values(COMMANDS)) {
    const { flags: { boolean = [], string = [], collect = [], files = [], rivals = [] } } = await load();
    const all = [...boolean, ...string, ...collect];
    assertEquals(files.filter((flag) => !string.includes(flag) && !collect.includes(flag)), []);
    assertEquals(rivals.flat().filter((flag) => !all.includes(flag)), []);
    assertEquals(new Set(all).size, all.length);
  }
});
