/**
 * A part of the tests of the command, against the other forms in which users get it; `deno task test:cli FORM` runs them
 * all.
 */
import { assert, assertEquals } from "@std/assert";
import { runtimeMissing } from "../../tools/compile.ts";
import { openForm, testForm } from "../../tools/test_cli.ts";

const filesOf = (...names: string[]) => names.map((name) => `tests/cli/${name}_test.ts`);

const missing = await runtimeMissing();

/** What a user meets first; a process from JSR takes longer to start, so there it is less. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  jsr: filesOf("id", "status"),
  [missing === undefined ? "executable" : "rehearsal"]: filesOf(
    ...["id", "status", "name", "main", "invite", "ping", "pipe"],
  ),
};

for (const [form, files] of Object.entries(PARTS)) {
  Deno.test({
    name: `the tests of the command hold for ${form}${
      form === "rehearsal" ? ` (no executable: ${missing})` : ""
    }`,
    ignore: form === "rehearsal" && Deno.build.os === "windows",
    async fn() {
      await using opened = await openForm(form);
      const { success, stdout, stderr } = await (await testForm(opened, files)).output();
      const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
      assert(success, text);
      assert(/\| [1-9]\d* passed/.test(text), text);
    },
  });
}

Deno.test("openForm() takes a path or a specifier as it is", async () => {
  for (const name of ["dist/skip", "jsr:@skip-public-ip/skip-public-ip/cli"]) {
    await using form = await openForm(name);
    assertEquals(form.env, { SKIP_UNDER_TEST: name });
  }
});
