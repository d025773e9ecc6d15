/**
 * `deno task release:notes v1.2.3`: what CHANGELOG.md says of a version, for its release. Stops where the tag is not the
 * version of deno.json, or the changelog is not ready for it.
 *
 * @module
 */
import { readConfig, ROOT } from "./run_flags.ts";

/** What CHANGELOG.md says of one version, newest first; the first may be "Unreleased". */
export interface Section {
  readonly version: string;
  /** YYYY-MM-DD; none for what is not released. */
  readonly date?: string;
  readonly text: string;
}

/** The file. */
export const CHANGELOG = new URL("CHANGELOG.md", ROOT);

/** The sections of a changelog in the form of Keep a Changelog. */
export function sectionsOf(changelog: string): Section[] {
  const [, ...parts] = changelog.split(/^## /m);
  return parts.map((part) => {
    const [, version, date, text] = /^\[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?\n([^]*)$/.exec(part) ?? [];
    if (!version) {
      throw new SyntaxError(`Cannot read the changelog: no version in "## ${part.split("\n")[0]}"`);
    }
    return { version, ...(date ? { date } : {}), text: text!.trim() };
  });
}

/**
 * What is said of the version that `tag` releases.
 *
 * @param version The one of deno.json.
 */
export function releaseNotes(changelog: string, tag: string, version: string): string {
  if (tag !== `v${version}`) {
    throw new Error(`Cannot release: deno.json has version ${version}, the tag is ${tag}`);
  }
  const [first, ...others] = sectionsOf(changelog);
  if (first?.version !== "Unreleased" || first.text !== "") {
    throw new Error(
      `Cannot release: CHANGELOG.md must begin with an empty section [Unreleased]; move what is new to [${version}]`,
    );
  }
  const [newest] = others;
  if (newest?.version !== version || !newest.date || newest.text === "") {
    throw new Error(`Cannot release: CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD" on top`);
  }
  return newest.text;
}

if (import.meta.main) {
  const [tag = ""] = Deno.args;
  const notes = releaseNotes(await Deno.readTextFile(CHANGELOG), tag, (await readConfig()).version);
  await Deno.stdout.write(new TextEncoder().encode(`${notes}\n`));
}
