/**
 * What docs/COMMANDS.md tells of the objects that `--json` prints, to which every test of the command holds them.
 *
 * @module
 */
import { ROOT } from "../../tools/run_flags.ts";
import type { SkipEvent } from "../skip_process.ts";

let known: ReadonlyMap<string, ReadonlySet<string>> | undefined;

/** The words with which what is written as code in one cell of a table begins. */
function wordsIn(cell: string): string[] {
  return [...cell.matchAll(/`([\w-]+)[^`]*`/g)].map(([, word]) => word!);
}

/** The fields of each type of object; one type may have several rows. */
function readFields(page: string): Map<string, Set<string>> {
  const [, table = ""] = page.split("\n## `--json`\n");
  const fields = new Map<string, Set<string>>();
  for (const [, types, named] of table.matchAll(/^\| ([^|]+) \| ([^|]*) \|/gm)) {
    for (const type of wordsIn(types!)) {
      fields.set(type, new Set([...fields.get(type) ?? [], ...wordsIn(named!)]));
    }
  }
  return fields;
}

/** Gives an object back whose fields are documented. Throws `Error` for any other. */
export function documented(event: SkipEvent): SkipEvent {
  known ??= readFields(Deno.readTextFileSync(new URL("docs/COMMANDS.md", ROOT)));
  const fields = known.get(event.type);
  const untold = Object.keys(event).filter((key) => key !== "type" && !fields?.has(key));
  if (fields && untold.length === 0) return event;
  throw new Error(`docs/COMMANDS.md does not tell of ${event.type}: ${untold.join(", ")}`);
}
