import { assertEquals, assertStringIncludes } from "@std/assert";
import { manualPage } from "../../cli/_manual_page.ts";
import { missingProgram, testsNeeding } from "../needing.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { skip } from "./_skip.ts";

const page = (text: string) =>
  manualPage({ overview: "skip: does it", topics: { topic: text }, version: "1.2.3" });
const BACKSPACE = "\b";
const bodyOf = (text: string) => page(text).split(".SH TOPIC\n")[1];

Deno.test("manualPage() begins with the name and what it is for", () => {
  assertStringIncludes(page(""), '.TH SKIP 1 "" "skip 1.2.3"\n.SH NAME\nskip \\- does it\n');
});

Deno.test("manualPage() makes lists of flags, keeps programs as they are, and fills prose", () => {
  assertEquals(
    bodyOf("  --path /p     where to\n                go on\n  other words"),
    ".TP\n.B \\-\\-path /p\nwhere to\ngo on\n.TP\n.B other\nwords",
  );
  assertEquals(
    bodyOf("Like this:\n\n  run it    # twice\n  again"),
    "Like this:\n.PP\n.RS\n.nf\nrun it    # twice\nagain\n.fi\n.RE",
  );
  assertEquals(bodyOf("one\ntwo"), "one\n.br\ntwo");
  assertEquals(bodyOf(`${"long ".repeat(20)}\nline`), `${"long ".repeat(20).trim()}\nline`);
});

Deno.test("manualPage() shows no text as a request to the formatter", () => {
  assertEquals(bodyOf(".so /etc/passwd"), "\\&.so /etc/passwd");
  assertEquals(bodyOf("'a\\b"), "\\&'a\\eb");
});

const groffTest = testsNeeding("with groff", missingProgram("groff"));

groffTest(
  "skip help man is a manual page with every topic, of which groff has nothing to complain",
  async () => {
    const { code, stdout } = await skip(["help", "man"]);
    assertEquals(code, 0);
    await using folder = await temporaryFolder();
    const file = `${folder.path}/skip.1`;
    await Deno.writeTextFile(file, stdout);
    const args = ["-man", "-Tascii", "-ww", "-rLL=100n", "-P-c", file];
    const text = new TextDecoder();
    const { success, stdout: shown, stderr } = await new Deno.Command("groff", { args }).output();
    assertEquals([success, text.decode(stderr)], [true, ""]);
    const plain = text.decode(shown).replace(new RegExp(`.${BACKSPACE}`, "g"), ""); // bold is struck twice
    for (const words of ["SERVE", "EXIT-CODES", "loginctl enable-linger", "--invite-only"]) {
      assertStringIncludes(plain, words);
    }
  },
);
