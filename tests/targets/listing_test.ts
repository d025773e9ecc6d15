import { assert, assertEquals, assertMatch } from "@std/assert";
import { escapeHtml, listingPage } from "../../lib/targets/_listing.ts";
import { testFolder } from "./_folder.ts";

Deno.test("listingPage() lists folders first, with sizes, and nothing that cannot be opened", async () => {
  await using folder = await testFolder();
  const page = await listingPage(folder.root, await Deno.realPath(folder.root), "/");
  const rows = [...page.matchAll(/<a href="([^"]*)">([^<]*)<\/a><\/td><td>(\d*)/g)].map((row) =>
    row.slice(1)
  );
  assertEquals(rows, [
    ["./.well-known/", ".well-known/", ""],
    ["./site/", "site/", ""],
    ["./sub/", "sub/", ""],
    ["./alias.txt", "alias.txt", "12"],
    ["./empty.txt", "empty.txt", "0"],
    ["./hello.txt", "hello.txt", "12"],
  ]);
  assert(!page.includes('href="../"'), "there is nothing above the top");
});

Deno.test("listingPage() shows names as text, whatever is in them", async () => {
  await using folder = await testFolder();
  const name = `<img src=x onerror='alert(1)'>&"#?%.txt`;
  await folder.write(`sub/${name}`, "");
  const page = await listingPage(folder.root, `${await Deno.realPath(folder.root)}/sub`, "/sub/%3Cb%3E/");
  assert(!page.includes("<img") && !page.includes("<b>"), page);
  const [, href] = page.match(/<a href="([^"]*)">&lt;img/)!;
  const url = new URL(href!.replaceAll("&#39;", "'"), "http://x/sub/");
  assertEquals(decodeURIComponent(url.pathname), `/sub/${name}`);
  assertMatch(page, /<h1>\/sub\/&lt;b&gt;\/<\/h1>/);
  assertMatch(page, /href="\.\.\/"/);
});

Deno.test("listingPage() of a very full folder says that there is more", async () => {
  await using folder = await testFolder();
  await Deno.mkdir(`${folder.root}/full`);
  const names = Array.from({ length: 5001 }, (_, n) => `${folder.root}/full/${n}`);
  await Promise.all(names.map((name) => Deno.writeFile(name, new Uint8Array())));
  const page = await listingPage(folder.root, `${await Deno.realPath(folder.root)}/full`, "/full/");
  assertEquals([...page.matchAll(/<tr>/g)].length, 5000);
  assertMatch(page, /more than 5000/);
});

Deno.test("escapeHtml() leaves nothing that could end a text or an attribute", () => {
  assertEquals(escapeHtml(`<a b="c" d='e'>&`), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
});
