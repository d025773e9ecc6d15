import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { readConfig, withConfigFile } from "../../cli/_config_file.ts";
import { CommandError, UsageError } from "../../cli/_exit.ts";
import { readFlags } from "../../cli/_flags.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const TABLE = {
  boolean: ["ephemeral", "qr", "print-unit"],
  string: ["config", "identity", "port"],
  collect: ["bootstrap", "name"],
  files: ["identity", "config"],
  rivals: [["ephemeral", "identity"]] as const,
  positional: [0, 1] as const,
};

/** The flags of a command line and a file. */
async function flagsOf(args: string[], text: string, name = "skip.toml") {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/${name}`;
  await Deno.writeTextFile(path, text);
  const flags = await withConfigFile(readFlags("serve", [...args, "--config", path], TABLE), TABLE);
  return { flags, folder: folder.path };
}

const TOML = `
identity = "keys/identity.pem" # beside this file
port = 7000
qr = true
bootstrap = ["a:1", "b:2"]
target = "8080"
`;

Deno.test("withConfigFile() reads what the command line leaves open", async () => {
  const { flags, folder } = await flagsOf([], TOML);
  assertEquals(flags.value("identity"), `${folder}/keys/identity.pem`);
  assertEquals([flags.value("port"), flags.has("qr"), flags.has("ephemeral")], ["7000", true, false]);
  assertEquals([flags.values("bootstrap"), flags.positional], [["a:1", "b:2"], ["8080"]]);
});

Deno.test("withConfigFile() takes a folder that is served from beside the file", async () => {
  const { flags, folder } = await flagsOf(
    [],
    'target = "./public"\nname = ["/up=..", "/api=8080", "/a=/b"]\n',
  );
  assertEquals(flags.positional, [`${folder}/public`]);
  assertEquals(flags.values("name"), [`/up=${folder.replace(/\/[^/]*$/, "")}`, "/api=8080", "/a=/b"]);
});

Deno.test("withConfigFile() lets the command line win, also over what contradicts it", async () => {
  const { flags } = await flagsOf(["--port", "1", "--ephemeral", "--bootstrap", "c:3", "./www"], TOML);
  assertEquals([flags.value("port"), flags.values("bootstrap")], ["1", ["c:3"]]);
  assertEquals([flags.value("identity"), flags.has("ephemeral")], [undefined, true]);
  assertEquals(flags.positional, ["./www"]);
});

Deno.test("withConfigFile() reads JSON by the name of the file, and an empty file", async () => {
  const { flags } = await flagsOf([], '{"port": "80", "bootstrap": "none", "qr": false}', "skip.json");
  assertEquals([flags.value("port"), flags.values("bootstrap"), flags.has("qr")], ["80", ["none"], false]);
  assertEquals((await flagsOf([], "")).flags.value("port"), undefined);
});

Deno.test("withConfigFile() leaves flags alone without --config", async () => {
  const flags = readFlags("serve", ["--qr"], TABLE);
  assertEquals(await withConfigFile(flags, TABLE), flags);
});

Deno.test("withConfigFile() names a file that is not there, or is a folder", async () => {
  for (const path of ["/nonexistent/skip.toml", Deno.cwd()]) {
    const flags = readFlags("serve", ["--config", path], TABLE);
    const { message, failure } = await assertRejects(() => withConfigFile(flags, TABLE), CommandError);
    assertEquals([failure.code, failure.exit, message.includes(path)], ["config", 1, true]);
  }
});

Deno.test("readConfig() takes an absolute path as it is", () => {
  assertEquals(readConfig('identity = "/a/b.pem"', "/etc/skip.toml", TABLE).get("identity"), ["/a/b.pem"]);
});

Deno.test("readConfig() says in one line what is not right", () => {
  const table: [text: string, why: RegExp, hint: RegExp][] = [
    ["prot = 80", /^x\.toml has a key that is no flag: "prot"$/, /^Did you mean port\?$/],
    ['config = "y"', /a key that is no flag: "config"/, /skip help config/],
    ["print-unit = true", /a key that is no flag: "print-unit"/, /skip help config/],
    ["[port]\nx = 1", /"port" is not valid: \{"x":1\}/, /Give port a text or a number/],
    ["port = [80]", /"port" is not valid: \[80\]/, /a text or a number/],
    ["port = nan", /"port" is not valid/, /a text or a number/],
    ['identity = ""', /"identity" is not valid: ""/, /a text/],
    ["qr = 1", /"qr" is not valid: 1/, /Give qr true or false/],
    ["bootstrap = [true]", /"bootstrap" is not valid/, /a text or a list of texts/],
    ["port = ", /^x\.toml is not valid TOML: /, /skip help config/],
  ];
  for (const [text, why, hint] of table) {
    const error = assertThrows(() => readConfig(text, "x.toml", TABLE), UsageError);
    assertMatch(error.message, why, text);
    assertMatch(error.hint, hint, text);
  }
  for (const text of ["[1]", "7", "null", "{"]) {
    assertThrows(() => readConfig(text, "x.json", TABLE), UsageError, "x.json is not valid JSON: ");
  }
});
