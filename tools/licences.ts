/**
 * `deno task licences` writes THIRD_PARTY.md and cli/licences.json anew: what this project is made of, and under which
 * licences. `deno task licences --texts` prints the licences in full, as `skip help licenses` does.
 *
 * @module
 */
import { committedPackages, keyOf, type Package } from "./packages.ts";
import { readConfig, ROOT } from "./run_flags.ts";

/** The file that `deno task licences` writes. */
export const THIRD_PARTY = new URL("THIRD_PARTY.md", ROOT);
/** What `skip help licenses` prints, by lines: also written by `deno task licences`. */
export const LICENCES = new URL("cli/licences.json", ROOT);

const HEAD = ["package", "version", "licence", "source"];
const RULE = "-".repeat(80);

/** A table of Markdown, formatted as `deno fmt` wants it. */
function markdownTable(rows: readonly string[][]): string {
  const widths = HEAD.map((_, column) => Math.max(...[HEAD, ...rows].map((row) => row[column]!.length)));
  const line = (row: string[], filler: string) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!, filler)).join(" | ")} |`;
  return [line(HEAD, " "), line(HEAD.map(() => ""), "-"), ...rows.map((row) => line(row, " "))].join("\n");
}

/** The text of THIRD_PARTY.md. */
export function thirdParty(all: readonly Package[]): string {
  const rows = (shipped: boolean) =>
    all.filter((one) => one.shipped === shipped)
      .map(({ registry, name, version, licence, source }) => [
        `\`${registry}:${name}\``,
        version,
        licence,
        `<${source}>`,
      ]);
  return `# What this project is made of

Written by \`deno task licences\` from deno.lock; \`deno task licences --texts\` prints the licences in full, and
the executables carry them inside. They contain Deno's runtime, too, which is under the MIT licence:
<https://github.com/denoland/deno>.

${markdownTable(rows(true))}

The tests alone use:

${markdownTable(rows(false))}
`;
}

/** The licences in full of what users get, each once, below the packages that it is for. */
export function licenceTexts(all: readonly Package[]): string {
  const shipped = all.filter((one) => one.shipped);
  return [...Map.groupBy(shipped, ({ text }) => text)].map(([text, users]) => {
    const names = users.map((one) => `${keyOf(one)} (${one.licence})`);
    return `${names.join("\n")}\n\n${text}\n`;
  }).join(`\n${RULE}\n\n`);
}

/** The text of cli/licences.json: our own licence, and then those of what users get. */
export async function licencesFile(all: readonly Package[]): Promise<string> {
  const { name } = await readConfig(), own = (await Deno.readTextFile(new URL("LICENSE", ROOT))).trim();
  const text = `${name} (MIT)\n\n${own}\n\n${RULE}\n\n${licenceTexts(all)}`;
  return JSON.stringify({ lines: text.trimEnd().split("\n") }, null, 2) + "\n";
}

if (import.meta.main) {
  const all = await committedPackages();
  if (Deno.args.includes("--texts")) {
    await Deno.stdout.write(new TextEncoder().encode(licenceTexts(all)));
  } else {
    await Deno.writeTextFile(THIRD_PARTY, thirdParty(all));
    await Deno.writeTextFile(LICENCES, await licencesFile(all));
  }
}
