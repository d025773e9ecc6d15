/**
 * Petnames: what this user calls peers, in a file of the configuration folder.
 *
 * @module
 */
import { dirname } from "node:path";
import { parsePeerId } from "../lib/identity/mod.ts";
import { CommandError, Exit, UsageError } from "./_exit.ts";

/** Shorter than any id, and it begins like no flag. */
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const MAX_FILE_BYTES = 1024 * 1024;

/** Whether a text, in lower case, could be a name. An id is too long to be one. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** The name that a user typed. Throws {@linkcode UsageError} for what is none. */
export function readName(text: string): string {
  const name = text.toLowerCase();
  if (isName(name)) return name;
  throw new UsageError(
    `"${text}" is no name`,
    "A name has up to 32 letters, digits and hyphens, and begins with a letter.",
  );
}

/** The names in `path`, with their ids; none if there is no such file. Throws {@linkcode CommandError} that names the file. */
export async function readNames(path: string): Promise<ReadonlyMap<string, string>> {
  return parseNames(await readLines(path), path);
}

/** Reads the lines of such a file: a name and an id each. Throws {@linkcode CommandError} that names the file and the line. */
export function parseNames(lines: readonly string[], path: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const [name, id, ...rest] = wordsOf(line);
    if (name === undefined) continue;
    if (!isName(name) || id === undefined || rest.length > 0) throw garbled(path, index, "it is not NAME ID");
    try {
      names.set(name, parsePeerId(id).id);
    } catch (error) {
      throw garbled(path, index, (error as Error).message);
    }
  }
  return names;
}

/** Gives the peer `id` a name. Throws {@linkcode UsageError} that names the other peer for which it stands already. */
export async function addName(path: string, name: string, id: string): Promise<void> {
  const other = (await readNames(path)).get(name);
  if (other === id) return;
  if (other !== undefined) {
    throw new UsageError(`${name} is already ${other}`, `Run skip name remove ${name} first.`);
  }
  await writeLines(path, [...await readLines(path), `${name} ${id}`]);
}

/** Forgets a name, and gives the id that it stood for, if any. Comments in the file stay. */
export async function removeName(path: string, name: string): Promise<string | undefined> {
  const id = (await readNames(path)).get(name);
  if (id !== undefined) {
    await writeLines(path, (await readLines(path)).filter((line) => wordsOf(line)[0] !== name));
  }
  return id;
}

function wordsOf(line: string): string[] {
  return line.replace(/#.*/s, "").split(/\s+/).filter((word) => word !== "");
}

async function readLines(path: string): Promise<string[]> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE_BYTES) throw garbled(path, 0, "the file is far too large");
    return (await Deno.readTextFile(path)).split("\n").filter((line, i, all) => line || i < all.length - 1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Whole or not at all, for this user only: whom he knows is nobody's business. */
async function writeLines(path: string, lines: readonly string[]) {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.writeTextFile(beside, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
    await Deno.rename(beside, path);
  } catch (error) {
    await Deno.remove(beside).catch(() => {});
    throw error;
  }
}

function garbled(path: string, index: number, why: string): CommandError {
  return new CommandError(`line ${index + 1} of ${path}: ${why}`, {
    code: "names",
    exit: Exit.failed,
    what: "The file of names cannot be read",
    hint: "Mend that line, or remove it.",
  });
}
