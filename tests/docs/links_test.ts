/** What the documents point at is there. */
import { assertEquals } from "@std/assert";
import { readConfig, ROOT } from "../../tools/run_flags.ts";
import { anchors, documents, links, read } from "./_markdown.ts";

/** The path from the root of what a link in `document` leads to, and the anchor there. */
function target(document: string, link: string): { path: string; anchor: string } {
  const url = new URL(link, `file:///${document}`);
  return { path: decodeURIComponent(url.pathname.slice(1)), anchor: url.hash.slice(1) };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(new URL(path || ".", ROOT)).then(() => true, () => false);
}

Deno.test("anchors() and links() read headings and links, and no code", () => {
  const text = "# Who, `--json`?\n\n[a](b.md#c) ![d](e.svg)\n\n```\n# no\n[x](y)\n```\n";
  assertEquals(anchors(text), ["who---json"]);
  assertEquals(links(text), ["b.md#c", "e.svg"]);
});

Deno.test("every link between documents leads to a file, and to a heading in it", async () => {
  const broken: string[] = [];
  for (const document of await documents()) {
    for (const link of links(await read(document))) {
      if (/^[a-z]+:/.test(link)) continue; // the internet is not asked
      const { path, anchor } = target(document, link);
      const isThere = await exists(path) &&
        (anchor === "" || anchors(await read(path)).includes(anchor));
      if (!isThere) broken.push(`${document}: ${link}`);
    }
  }
  assertEquals(broken, []);
});

Deno.test("every task and every file of which a document speaks is there", async () => {
  const { tasks } = await readConfig() as unknown as { tasks: Record<string, unknown> };
  const missing: string[] = [];
  for (const document of await documents()) {
    const text = await read(document);
    for (const [words, task] of text.matchAll(/\bdeno task ([a-z][\w:]*)/g)) {
      if (!Object.hasOwn(tasks, task!)) missing.push(`${document}: ${words}`);
    }
    for (const [, path] of text.matchAll(/`((?:lib|cli|tests|tools|examples)\/[\w./-]*)`/g)) {
      if (!await exists(path!)) missing.push(`${document}: ${path}`);
    }
  }
  assertEquals(missing, []);
});
