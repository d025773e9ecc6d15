/**
 * The tests of the command, against the other forms in which users get it; `deno task test:cli FORM` runs them alone.
 */
import { assert, assertEquals } from "@std/assert";
import { runtimeMissing } from "../../tools/compile.ts";
import { openForm, testForm } from "../../tools/test_cli.ts";

const missing = await runtimeMissing();

/** All where modules are bundled, since a bundle can break what runs well from here; from JSR, what a user meets first. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  jsr: ["tests/cli/id_test.ts", "tests/cli/status_test.ts"],
  [missing === undefined ? "executable" : "rehearsal"]: ["tests/cli/"],
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
