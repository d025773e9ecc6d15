import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../cli/_commands.ts";
import { Exit } from "../../cli/_exit.ts";
import { OTHER_TOPICS } from "../../cli/_help_topics.ts";

Deno.test("no topic hides a command, and each fits one screen", () => {
  for (const [topic, text] of Object.entries(OTHER_TOPICS)) {
    assert(!Object.hasOwn(COMMANDS, topic), topic);
    const lines = text.split("\n");
    assert(lines.length <= 24 && lines.every((line) => line.length <= 120), topic);
  }
});

Deno.test("the topics explain every exit code and every command's permissions", () => {
  const words = (topic: string, form: RegExp) =>
    [...OTHER_TOPICS[topic]!.matchAll(form)].flatMap(([, words]) => words!.split(", "));
  assertEquals(words("exit-codes", /^ {2}(\S+) +\S/gm).map(Number), Object.values(Exit));
  assertEquals(words("permissions", /^ {2}(\S.*):$/gm).sort(), Object.keys(COMMANDS).sort());
});
