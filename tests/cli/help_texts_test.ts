import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../cli/_commands.ts";
import { OVERVIEW, TOPICS } from "../../cli/_help_texts.ts";
import { HELP_FLAGS } from "../../cli/help.ts";

Deno.test("every command has a help text, and every text fits one screen", () => {
  assertEquals(Object.keys(COMMANDS).filter((name) => !TOPICS[name]), []);
  for (const [topic, text] of Object.entries({ overview: OVERVIEW, ...TOPICS })) {
    const lines = text.split("\n");
    assert(lines.length <= 24 && lines.every((line) => line.length <= 120), topic);
  }
});

Deno.test("every topic that a help text names is there", () => {
  for (const [topic, text] of Object.entries({ overview: OVERVIEW, ...TOPICS })) {
    for (const [, name] of text.matchAll(/skip help ([a-z-]+)/g)) {
      assert(HELP_FLAGS.words!.includes(name!), `${topic}: ${name}`);
    }
  }
});
