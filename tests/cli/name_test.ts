import { assertEquals, assertMatch } from "@std/assert";
import { generateIdentity } from "../../mod.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { events, serveAlone, skip } from "./_skip.ts";

const [ann, bob] = Array.from({ length: 2 }, () => generateIdentity().id) as [string, string];

Deno.test("skip name adds, lists and removes names", async () => {
  await using home = await temporaryFolder();
  const name = (...args: string[]) => skip(["name", ...args], { home: home.path });
  const none = await name("list");
  assertEquals([none.code, none.stdout, none.stderr.includes("skip name add NAME ID")], [0, "", true]);
  assertEquals((await name("add", "Ann", ann)).code, 0);
  assertEquals((await name("add", "bob", bob, "--quiet")).stderr, "");
  assertEquals((await name("list")).stdout, `ann ${ann}\nbob ${bob}\n`);
  assertEquals(events((await name("list", "--json")).stdout)[1], { type: "name", name: "bob", id: bob });
  const again = await name("add", "ann", bob);
  assertEquals([again.code, again.stdout], [2, ""]);
  assertMatch(again.stderr, /try: {2}Run skip name remove ann first\./);
  assertEquals((await name("remove", "ann")).code, 0);
  assertEquals((await name("list")).stdout, `bob ${bob}\n`);
});

Deno.test("skip connect takes a name wherever it takes an id", async () => {
  await using home = await temporaryFolder();
  await using server = await serveAlone();
  await skip(["name", "add", "home", server.id], { home: home.path });
  const args = ["connect", "home", "--bootstrap", server.bootstrap, "--quiet"];
  const { code, stdout } = await skip(args, { home: home.path, input: "hello\n" });
  assertEquals([code, stdout.split("\n")[1]], [0, "hello"]);
});

Deno.test("skip name refuses what makes no sense", async () => {
  const table: [args: string[], why: RegExp][] = [
    [[], /needs an argument/],
    [["ad", "x", ann], /cannot "ad"/],
    [["add", "x"], /takes 2 arguments, not 1/],
    [["list", "x"], /takes 0 arguments, not 1/],
    [["add", ann, bob], /is no name/],
    [["add", "x", "y"], /no peer with the name "y"/],
    [["add", "x", "1"], /Cannot read the id/],
    [["remove", "x"], /There is no name "x"/],
    [["toString"], /cannot "toString"/],
  ];
  await Promise.all(table.map(async ([args, why]) => {
    const { code, stdout, stderr } = await skip(["name", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, why);
  }));
});
