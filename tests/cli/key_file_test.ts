import { assertEquals, assertRejects } from "@std/assert";
import { KeyFileError } from "../../cli/_exit.ts";
import { withKeyFile } from "../../cli/_key_file.ts";

Deno.test("withKeyFile() gives what was read", async () => {
  assertEquals(await withKeyFile("/a/key", (path) => Promise.resolve(`read ${path}`)), "read /a/key");
});

Deno.test("withKeyFile() names the file when the system does not", async () => {
  const failing = () => Promise.reject(new Deno.errors.NotADirectory("Not a directory"));
  await assertRejects(() => withKeyFile("/a/key", failing), KeyFileError, "Not a directory: /a/key");
});

Deno.test("withKeyFile() leaves a missing permission of Deno's to its own hint", async () => {
  const failing = () => Promise.reject(new Deno.errors.NotCapable("Requires read access"));
  await assertRejects(() => withKeyFile("/a/key", failing), Deno.errors.NotCapable);
});
