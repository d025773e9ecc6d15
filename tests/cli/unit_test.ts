import { assert, assertEquals } from "@std/assert";
import { absoluteArguments, quoteWord, unitText } from "../../cli/_unit.ts";
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

/** What `systemd-analyze verify` finds wrong; `undefined` where there is none. */
async function verify(text: string): Promise<string | undefined> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/skip.service`;
  await Deno.writeTextFile(path, text);
  try {
    const { stderr } = await new Deno.Command("systemd-analyze", {
      args: ["--user", "verify", path],
      env: { XDG_RUNTIME_DIR: folder.path },
    })
      .output();
    return new TextDecoder().decode(stderr);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test("unitText() gives a unit in which systemd finds nothing wrong", async (t) => {
  const command = [Deno.execPath(), "run", "/a b/main.ts", "serve", "--identity", "/50%/$x\n"];
  const text = unitText({ command, folder: CWD });
  assert(text.includes("\nDescription=Skip Public IP: serve --identity /50%%/$x\n"), text);
  const found = await verify(text);
  await t.step({
    name: "by systemd-analyze",
    ignore: found === undefined,
    fn: () => assertEquals(found?.split("\n").filter((line) => line.includes("skip.service")), []),
  });
  if (found === undefined) return;
  const broken = await verify(text.replace("Restart=always", "Restart=perhaps"));
  assert(broken!.includes("skip.service"), broken); // it would have said so
});
