import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../cli/_commands.ts";
import { completedCommands } from "../../cli/completions.ts";
import { events, skip } from "./_skip.ts";

Deno.test("completions know every command, every flag that it takes, and what help says of it", async () => {
  const completed = await completedCommands();
  assertEquals(completed.map(({ name }) => name), Object.keys(COMMANDS));
  for (const { name, about, flags } of completed) {
    const { boolean = [], string = [], collect = [] } = (await COMMANDS[name]!()).flags;
    assertEquals(new Set(flags.map(({ flag }) => flag)), new Set([...boolean, ...string, ...collect]));
    assert(about !== name && !about.includes("\n"), name);
    const undescribed = flags.filter(({ flag, about }) =>
      about === "" && !["json", "quiet", "verbose"].includes(flag)
    );
    assertEquals(undescribed.map(({ flag }) => `${name} --${flag}`), []);
    assert(flags.every(({ about }) => !about.includes("\n")));
  }
});

Deno.test("skip completions prints a script for each shell", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout, stderr } = await skip(["completions", shell]);
    assertEquals([code, stderr, stdout.includes("print-unit")], [0, "", true]);
    const [event] = events((await skip(["completions", shell, "--json"])).stdout);
    assertEquals([event!.type, event!.shell, `${event!.script}\n`], ["completions", shell, stdout]);
  }
});

Deno.test("skip completions names the shells that it knows", async () => {
  for (const args of [["powershell"], ["constructor"]]) {
    const { code, stdout, stderr } = await skip(["completions", ...args]);
    assertEquals([code, stdout, stderr.includes("bash, zsh or fish")], [2, "", true]);
  }
  assertEquals((await skip(["completions"])).code, 2);
});
