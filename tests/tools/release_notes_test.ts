import { assert, assertEquals, assertThrows } from "@std/assert";
import { CHANGELOG, releaseNotes, sectionsOf } from "../../tools/release_notes.ts";
import { readConfig } from "../../tools/run_flags.ts";

/** Those of Keep a Changelog, in the order in which it shows them. */
const KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

const READY = `# Changelog

## [Unreleased]

## [1.2.0] - 2026-02-03

### Added

- Something.

## [1.1.0] - 2026-01-02

### Fixed

- Something else.
`;

async function sections() {
  return sectionsOf(await Deno.readTextFile(CHANGELOG));
}

/** The parts of a version, as a number that grows with it. */
function order(version: string): number {
  return version.split(".").reduce((sum, part) => sum * 10_000 + Number(part), 0);
}

Deno.test("CHANGELOG.md begins with what is not released, and has each version below with its date", async () => {
  const [first, ...released] = await sections();
  assertEquals([first?.version, first?.date], ["Unreleased", undefined]);
  for (const { version, date } of released) {
    assert(/^\d+\.\d+\.\d+$/.test(version), version);
    assert(date && !Number.isNaN(Date.parse(date)), `${version} has no date`);
  }
  const versions = released.map(({ version }) => version);
  assertEquals(versions, versions.toSorted((a, b) => order(b) - order(a)));
});

Deno.test("CHANGELOG.md sorts what changed by the kinds of Keep a Changelog", async () => {
  for (const { version, text } of await sections()) {
    for (const [, kind] of text.matchAll(/^### (.*)$/gm)) {
      assert(KINDS.includes(kind!), `${version}: ${kind}`);
    }
    assert(text === "" || text.startsWith("### "), `${version} has something without a kind`);
  }
});

Deno.test("the version of deno.json is the newest of CHANGELOG.md, or what is unreleased becomes it", async () => {
  const { version } = await readConfig();
  const [unreleased, newest] = await sections();
  if (newest?.version === version) return;
  assert(unreleased!.text !== "", `nothing in CHANGELOG.md becomes ${version}`);
  assert(!newest || order(version) > order(newest.version), `${version} is older than ${newest?.version}`);
});

Deno.test("releaseNotes() gives what is said of the version", () => {
  assertEquals(releaseNotes(READY, "v1.2.0", "1.2.0"), "### Added\n\n- Something.");
});

Deno.test("releaseNotes() refuses a tag that is not the version, and a changelog that is not ready", () => {
  assertThrows(() => releaseNotes(READY, "v1.2.1", "1.2.0"), Error, "the tag is v1.2.1");
  assertThrows(() => releaseNotes(READY, "v1.3.0", "1.3.0"), Error, 'no section "## [1.3.0]');
  const open = READY.replace("## [Unreleased]\n", "## [Unreleased]\n\n### Fixed\n\n- More.\n");
  assertThrows(() => releaseNotes(open, "v1.2.0", "1.2.0"), Error, "[Unreleased]");
  const undated = READY.replace(" - 2026-02-03", "");
  assertThrows(() => releaseNotes(undated, "v1.2.0", "1.2.0"), Error, "YYYY-MM-DD");
});

Deno.test("sectionsOf() refuses a heading that names no version", () => {
  assertThrows(() => sectionsOf("## 1.2.0\n"), SyntaxError, "## 1.2.0");
});
