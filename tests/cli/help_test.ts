import { assert, assertEquals, assertMatch } from "@std/assert";
import { Exit } from "../../cli/_exit.ts";
import { TOPICS } from "../../cli/_help_texts.ts";
import { flagsOf, PERMISSIONS } from "../../cli/_permissions.ts";
import { committedPackages, keyOf } from "../../tools/packages.ts";
import { ROOT } from "../../tools/run_flags.ts";
import { events, skip } from "./_skip.ts";

const COMMANDS = [
  ...["serve", "connect", "ping", "status", "forward", "proxy", "pipe", "check"],
  ...["id", "invite", "name", "dht", "completions", "help"],
];
const SCREEN_LINES = 24;
const SCREEN_COLUMNS = 120;

async function help(...topic: string[]): Promise<string> {
  const { code, stdout, stderr } = await skip(["help", ...topic]);
  assertEquals([code, stderr], [0, ""], topic.join());
  return stdout;
}

async function readme(): Promise<string> {
  return await Deno.readTextFile(new URL("README.md", ROOT));
}

/** The cells of the table below a heading, without its head and without backticks. */
async function tableBelow(heading: string): Promise<string[][]> {
  const section = (await readme()).split(`\n${heading}\n`)[1]!.split(/\n##+ /)[0]!;
  const lines = section.split("\n").filter((line) => line.startsWith("|")).slice(2);
  return lines.map((line) => line.replaceAll("`", "").split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("skip help fits one screen and names every command", async () => {
  const text = await help();
  assert(text.split("\n").length <= SCREEN_LINES);
  for (const command of COMMANDS) assertMatch(text, new RegExp(`^ {2}${command} .*\\S$`, "m"));
});

Deno.test("skip help COMMAND, skip COMMAND --help and skip COMMAND -h say the same", async () => {
  for (const command of COMMANDS) {
    const text = await help(command);
    assert(text.includes(`Usage: skip ${command}`), text);
    assert(
      text.split("\n").length <= SCREEN_LINES && text.split("\n").every((l) => l.length <= SCREEN_COLUMNS),
    );
    for (const flag of ["--help", "-h"]) assertEquals((await skip([command, flag])).stdout, text);
  }
});

Deno.test("skip help names every flag that the README's synopsis names", async () => {
  for (
    const [, command, rest] of (await readme()).matchAll(
      /^skip (serve|connect|ping|status|forward|proxy|pipe|check|id|invite|name|dht|completions) (.*)$/gm,
    )
  ) {
    const own = await help(command!);
    const topics = [...own.matchAll(/skip help (network|output)$/gm)].map(([, topic]) => topic!);
    const text = [own, ...await Promise.all(topics.map((topic) => help(topic)))].join("\n");
    for (const [flag] of rest!.matchAll(/--[\w-]+/g)) assertMatch(text, new RegExp(`^ {2}${flag} `, "m"));
  }
});

Deno.test("skip help help names every topic", async () => {
  const [, topics] = (await help("help")).match(/\[COMMAND \| (.+)\]/)!;
  const others = Object.keys(TOPICS).filter((topic) => !COMMANDS.includes(topic));
  assertEquals(topics!.split(" | "), [...others, "licenses", "man"]);
});

Deno.test("skip help suggests the nearest topic", async () => {
  const { code, stdout, stderr } = await skip(["help", "exit-code"]);
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /try: {2}Did you mean skip help exit-codes\?/);
});

Deno.test("skip help --json gives the text to scripts, and knows no other flag or argument", async () => {
  const [overview, serve] = await Promise.all([help(), help("serve")]);
  const ask = async (...args: string[]) => events((await skip([...args, "--json"])).stdout);
  assertEquals(await ask("help"), [{ type: "help", text: overview.trimEnd() }]);
  for (const args of [["help", "serve"], ["serve", "--help"]]) {
    assertEquals(await ask(...args), [{ type: "help", topic: "serve", text: serve.trimEnd() }]);
  }
  for (const args of [["--jsn"], ["serve", "connect"]]) {
    const { code, stdout, stderr } = await skip(["help", ...args]);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /^ {2}try: {2}\S/m);
  }
});

Deno.test("skip help exit-codes is what the README and the code say", async () => {
  const text = await help("exit-codes");
  const documented = [...text.matchAll(/^ {2}(\d+) +(.+)$/gm)].map(([, code, words]) => [code, words]);
  assertEquals(await tableBelow("### Exit codes"), documented);
  assertEquals(documented.map(([code]) => Number(code)), Object.values(Exit));
});

Deno.test("skip help permissions, the README and deno.json agree", async () => {
  const wanted = Object.fromEntries(
    COMMANDS.map((name) => [name, flagsOf(PERMISSIONS[name]!).join(" ") || "none"]),
  );

  const text = (await help("permissions")).replaceAll(/ \\\n */g, " ");
  const shown = [...text.matchAll(/^ {2}(\S.*):\n {4}(.+)$/gm)]
    .flatMap(([, names, flags]) => names!.split(", ").map((name) => [name, flags]));
  assertEquals(Object.fromEntries(shown), wanted);

  const rows = (await tableBelow("### Permissions")).flatMap(([names, flags]) =>
    names!.split(", ").map((name) => [name, flags])
  );
  assertEquals(Object.fromEntries(rows), wanted);
});

Deno.test("deno.json lets a command see no variable that decides nothing", async () => {
  const paths = await Deno.readTextFile(new URL("cli/_paths.ts", ROOT));
  for (const [name, { env }] of Object.entries(PERMISSIONS)) {
    for (const variable of env?.allow ?? []) assert(paths.includes(`"${variable}"`), `${name}: ${variable}`);
  }
});

Deno.test("nothing tells a user to permit everything, or more than the command needs", async () => {
  const exact = Object.values(PERMISSIONS).map((set) => flagsOf(set).join(" "));
  for (const name of ["README.md", "HOLEPUNCH.md", "cli/main.ts", "mod.ts", "examples/README.md"]) {
    const text = (await Deno.readTextFile(new URL(name, ROOT))).replaceAll(/ \\\n[ *]*/g, " ");
    for (const [line, flags] of text.matchAll(/deno (?:run|install|compile|x) (.*?) ?jsr:\S*\/cli\b.*/g)) {
      const own = flags!.split(" ").filter((word) => /^--(allow|ignore|deny)-/.test(word)).join(" ");
      assert(exact.includes(own), `${name}: ${line}`);
    }
    assertEquals(text.match(/^.*\bdeno \w+ .*(?:-A\b|--allow-(?:all|run|ffi)).*$/m), null, name);
  }
});

Deno.test("skip help licenses has the licence of every package that is inside, and our own", async () => {
  const text = await help("licenses");
  const inside = (await committedPackages()).filter(({ shipped }) => shipped);
  assert(inside.length > 10);
  for (const one of inside) assert(text.includes(`\n${keyOf(one)} (`), keyOf(one));
  assert(text.includes(await Deno.readTextFile(new URL("LICENSE", ROOT))));
});
