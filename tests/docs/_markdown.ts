/**
 * Reading the project's own documents, for tests that hold them to what is there.
 *
 * @module
 */
import { ROOT } from "../../tools/run_flags.ts";

/** The text of a file of this checkout. */
export async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

/** Every document: the Markdown files that belong to the checkout, sorted. */
export async function documents(folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder || ".", ROOT))) {
    if (name.startsWith(".") || ["node_modules", "dist", "coverage"].includes(name)) continue;
    if (isDirectory) found.push(...await documents(`${folder}${name}/`));
    else if (name.endsWith(".md")) found.push(folder + name);
  }
  return found.sort();
}

/** The text below a heading, such as `## Errors`, up to the next one of its rank or a higher one. */
export function section(text: string, heading: string): string {
  const [, after] = `\n${text}`.split(`\n${heading}\n`);
  if (after === undefined) throw new RangeError(`Cannot find the section: there is no "${heading}"`);
  const rank = heading.indexOf(" ");
  return after.split(new RegExp(`^#{1,${rank}} `, "m"))[0]!;
}

/** The cells of the first table in a text, without its head and without backticks. */
export function tableIn(text: string): string[][] {
  const [, table = ""] = text.match(/^(\|.*(?:\n\|.*)*)/m) ?? [];
  return table.split("\n").slice(2)
    .map((line) => line.replaceAll("`", "").split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchors(text: string): string[] {
  const headings = [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, words]) => words!);
  return headings.map((words) => words.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));
}

/** Where the links and pictures of a document lead. */
export function links(text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/** A text without its blocks of code, in which `#` and `](` mean something else. */
export function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, "");
}
