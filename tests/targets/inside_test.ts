import { assertEquals } from "@std/assert";
import { findInside, isVisible } from "../../lib/targets/_inside.ts";
import { testFolder } from "./_folder.ts";

Deno.test("findInside() finds files and folders, also by links that stay inside", async () => {
  await using folder = await testFolder();
  const home = await Deno.realPath(folder.root);
  await folder.write("a b/ü%.txt", "x");
  const table: Record<string, string> = {
    "/": "",
    "/hello.txt": "/hello.txt",
    "/sub": "/sub",
    "/sub/": "/sub",
    "/alias.txt": "/hello.txt",
    "/a%20b/%C3%BC%25.txt": "/a b/ü%.txt",
    "/.well-known/x": "/.well-known/x",
  };
  for (const [path, found] of Object.entries(table)) {
    assertEquals(await findInside(folder.root, path), home + found, path);
  }
});

Deno.test("findInside() finds nothing outside, nothing hidden, and nothing that is not there", async () => {
  await using folder = await testFolder();
  const paths = [
    "/no",
    "/hello.txt/x",
    "/../secret.txt",
    "/sub/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/%2E%2e%2fsecret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/..\\secret.txt",
    "/sub%2f..%2f..%2fsecret.txt",
    "/%252e%252e/secret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/hello.txt%00",
    "/hello.txt%00.html",
    "/%ff",
    "/%",
    "//hello.txt",
    "/./hello.txt",
    "/out.txt",
    "/out/secret.txt",
    "/out/public/hello.txt/..",
    "/neighbour/secret.txt",
    "/loop",
    "/hidden.txt",
    "/.env",
    "/sub/.git/config",
    "/etc/passwd",
    "/%2fetc%2fpasswd",
    `/${"a".repeat(5000)}`,
    `/${"a/".repeat(5000)}`,
  ];
  for (const path of paths) assertEquals(await findInside(folder.root, path), undefined, path.slice(0, 60));
  assertEquals(await findInside(`${folder.root}/gone`, "/"), undefined);
});

Deno.test("isVisible() hides dot files, but not what is meant for others", () => {
  assertEquals(["a", "a.b", ".env", "..", ".well-known"].map(isVisible), [true, true, false, false, true]);
});
