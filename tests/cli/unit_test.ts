import { assert, assertEquals } from "@std/assert";
import { absoluteArguments, quoteWord, unitText } from "../../cli/_unit.ts";
import { missingProgram, testsNeeding } from "../needing.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const TABLE = { files: ["identity", "config"], positional: [0, 1] as const };
const CWD = Deno.cwd();

Deno.test("quoteWord() writes a word so that systemd reads it as it is", () => {
  const table: [word: string, written: string][] = [
    ["--allow-env=HOME,A", "--allow-env=HOME,A"],
    ["/home/a b/x", '"/home/a b/x"'],
    ["50%", "50%%"],
    ["$HOME", '"$$HOME"'],
    ['say "hi"', '"say \\"hi\\""'],
    ["back\\slash", '"back\\\\slash"'],
    ["two\nlines", '"two\\x0alines"'],
    ["", '""'],
    [";", '";"'],
  ];
  for (const [word, written] of table) assertEquals(quoteWord(word), written);
});

Deno.test("absoluteArguments() makes paths absolute, in both forms, and takes the switch out", () => {
  const args = [
    "--print-unit",
    "--identity",
    "a b.pem",
    "--config=/etc/x",
    "--port",
    "1",
    "--print-unit=true",
    "www",
  ];
  assertEquals(absoluteArguments(args, TABLE, "print-unit"), [
    "--identity",
    `${CWD}/a b.pem`,
    "--config=/etc/x",
    "--port",
    "1",
    "www",
  ]);
  assertEquals(absoluteArguments(["--config=x.toml"], TABLE, "qr"), [`--config=${CWD}/x.toml`]);
});

const UNIT = unitText({
  command: [Deno.execPath(), "run", "/a b/main.ts", "serve", "--identity", "/50%/$x\n"],
  folder: CWD,
});

Deno.test("unitText() describes a unit in one line, by what it serves", () => {
  assert(UNIT.includes("\nDescription=Skip Public IP: serve --identity /50%%/$x\n"), UNIT);
});

/** What `systemd-analyze verify` says of a unit itself. */
async function complaints(text: string): Promise<string[]> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/skip.service`;
  await Deno.writeTextFile(path, text);
  const { stderr } = await new Deno.Command("systemd-analyze", {
    args: ["--user", "verify", path],
    env: { XDG_RUNTIME_DIR: folder.path },
  }).output();
  return new TextDecoder().decode(stderr).split("\n").filter((line) => line.includes("skip.service"));
}

const systemdTest = testsNeeding("with systemd", missingProgram("systemd-analyze"));

systemdTest("unitText() gives a unit in which systemd finds nothing wrong", async () => {
  assertEquals(await complaints(UNIT), []);
  const broken = await complaints(UNIT.replace("Restart=always", "Restart=perhaps"));
  assertEquals(broken.length > 0, true, "it would have said so");
});
