/**
 * The help texts as one manual page: pure functions from texts to what `man` reads.
 *
 * @see {@link https://man7.org/linux/man-pages/man7/groff_man.7.html}
 * @module
 */

/** What the page is made of. */
export interface ManualTexts {
  /** What `skip help` says. */
  readonly overview: string;
  /** What it says of each command and topic. */
  readonly topics: Readonly<Record<string, string>>;
  readonly version: string;
}

/** A flag, an argument or a code, and what follows it, nearly always at some distance. */
const ENTRIES = [/^ {2}(\S+(?: \S+)*) {2,}(\S.*)$/, /^ {2}(\S+) (\S.*)$/];
const INDENTED = /^ {2,}\S/;
/** In a program's text, and nowhere else. */
const REMARK = / {2,}# /;
/** A longer line was broken because it was full, and not for its own sake. */
const FULL_COLUMNS = 80;

/** The whole page. */
export function manualPage({ overview, topics, version }: ManualTexts): string {
  const [title = "", ...rest] = overview.split("\n");
  const [name, about] = title.split(/: (.*)/);
  const sections = Object.entries(topics).map(([topic, text]) =>
    `.SH ${escape(topic.toUpperCase())}\n${body(text)}`
  );
  return [
    `.TH ${name!.toUpperCase()} 1 "" "${name} ${version}"`,
    `.SH NAME\n${name} \\- ${escape(about!)}`,
    `.SH DESCRIPTION\n${body(rest.join("\n"))}`,
    ...sections,
  ].join("\n");
}

/** Paragraph by paragraph: prose is filled, a list gets hanging paragraphs, and what is indented stays as it is. */
function body(text: string): string {
  const parts = text.split(/\n{2,}/).filter((part) => part.trim() !== "");
  return parts.map((part) => paragraph(part.split("\n"))).join("\n.PP\n");
}

function paragraph(lines: readonly string[]): string {
  const isIndented = lines.every((line) => INDENTED.test(line));
  const isList = lines.some((line) => ENTRIES[0]!.test(line)) && !lines.some((line) => REMARK.test(line));
  if (isList) return list(lines);
  const plain = lines.map((line) => escape(line.trim()));
  if (isIndented) return [".RS", ".nf", ...plain, ".fi", ".RE"].join("\n");
  const isProse = lines.slice(0, -1).every((line) => line.length > FULL_COLUMNS);
  return plain.join(isProse ? "\n" : "\n.br\n");
}

function list(lines: readonly string[]): string {
  return lines.map((line) => {
    const [, name, about] = ENTRIES.map((entry) => line.match(entry)).find((match) => match) ?? [];
    return name === undefined ? escape(line.trim()) : `.TP\n.B ${escape(name)}\n${escape(about!)}`;
  }).join("\n");
}

/** Text in which `man` sees nothing but text: its dashes can be copied, and no line is a request. */
function escape(text: string): string {
  const plain = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...").replaceAll(
    '"',
    "\\(dq",
  );
  return plain.replace(/^([.'])/, "\\&$1");
}
