import { join, relative, sep } from "node:path";
import { findInside, isVisible } from "./_inside.ts";

/** A page of more is of no use to anybody, and would have to be held in memory. */
const MAX_ENTRIES = 5000;

const STYLE =
  "body{font:16px/1.5 system-ui;margin:2rem auto;max-width:50rem;padding:0 1rem;color-scheme:light dark}" +
  "td{padding:.1rem 2rem .1rem 0}td+td{text-align:right}";

interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Bytes. */
  readonly size?: number;
}

/** The page that lists a folder: what can be opened and nothing else. `pathname` is that of the request. */
export async function listingPage(root: string, folder: string, pathname: string): Promise<string> {
  const entries: Entry[] = [];
  let more = false;
  for await (const { name } of Deno.readDir(folder)) {
    if (!isVisible(name)) continue;
    more = entries.length === MAX_ENTRIES;
    if (more) break;
    const entry = await look(root, folder, name);
    if (entry) entries.push(entry);
  }
  entries.sort((a, b) => Number(b.isDirectory) - Number(a.isDirectory) || (a.name < b.name ? -1 : 1));
  return page(decoded(pathname), entries, more);
}

/** What a name stands for; nothing for a link that leads out, and for what is neither file nor folder. */
async function look(root: string, folder: string, name: string): Promise<Entry | undefined> {
  try {
    const path = join(folder, name);
    if ((await Deno.lstat(path)).isSymlink && !await leadsInside(root, path)) return undefined;
    const { isDirectory, isFile, size } = await Deno.stat(path);
    if (isDirectory) return { name, isDirectory };
    return isFile ? { name, isDirectory, size } : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined; // gone since
  }
}

async function leadsInside(root: string, path: string): Promise<boolean> {
  const names = relative(await Deno.realPath(root), path).split(sep);
  return await findInside(root, `/${names.map(encodeURIComponent).join("/")}`) !== undefined;
}

function page(title: string, entries: readonly Entry[], more: boolean): string {
  const rows = entries.map(({ name, isDirectory, size }) => {
    const slash = isDirectory ? "/" : "";
    const href = `./${encodeURIComponent(name)}${slash}`;
    return `<tr><td><a href="${escapeHtml(href)}">${escapeHtml(name)}${slash}</a></td><td>${
      size ?? ""
    }</td></tr>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<h1>${escapeHtml(title)}</h1>
${title === "/" ? "" : '<p><a href="../">..</a></p>\n'}<table>
${rows.join("\n")}
</table>
${more ? `<p>There are more than ${MAX_ENTRIES}; these are some of them.</p>\n` : ""}</html>
`;
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML shows it, also within quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
