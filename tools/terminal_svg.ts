/**
 * Draws what happened in several terminals as one picture that moves: an SVG with CSS keyframes and nothing else. Where
 * motion is not wanted, or not known, it shows how everything ended.
 *
 * @module
 */

/** Something that a person typed, or a program printed. */
export interface Happening {
  /** Milliseconds since the beginning. What was typed took {@linkcode KEY_MS} a character from here. */
  readonly at: number;
  /** In which of the terminals. */
  readonly terminal: number;
  /** A `command` has the prompt before it, `input` goes to a command that runs. */
  readonly by: "command" | "input" | "stdout" | "stderr";
  /** One line, without its end. */
  readonly text: string;
}

/** What is drawn. */
export interface Session {
  /** What stands above each terminal. */
  readonly titles: readonly string[];
  /** In the order of time. */
  readonly happenings: readonly Happening[];
}

/** A line of a terminal as wide as that, no wider. */
interface Row extends Happening {
  readonly top: number;
}

/** How long typing a character takes. */
export const KEY_MS = 25;
/** How long the end stays before it all begins again. */
const HOLD_MS = 5000;
const COLUMNS = 96;
const [CHARACTER, LINE, MARGIN, HEADER, GAP] = [7.8, 18, 16, 30, 12];
const WIDTH = COLUMNS * CHARACTER + 2 * MARGIN;

const STYLE = [
  "text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace;white-space:pre}",
  ".frame{fill:#0f1720;stroke:#2c3a49}.bar{fill:#1a2531}.title{fill:#8b9bab;font-size:12px}",
  ".stderr{fill:#8fa1b3}.stdout{fill:#f4f7fa}.input,.command{fill:#9fd6a4}.cover{fill:#0f1720;opacity:0}",
].join("");

/** The picture. */
export function drawSession({ titles, happenings }: Session): string {
  const lastMs = Math.max(0, ...happenings.map(endOf));
  const totalMs = lastMs + HOLD_MS;
  const [shown, moves]: [string[], string[]] = [[], []];
  let top = 0;
  for (const [terminal, title] of titles.entries()) {
    const rows = rowsOf(happenings.filter((one) => one.terminal === terminal), top + HEADER);
    const height = HEADER + (rows.length + 1) * LINE;
    shown.push(frame(title, top, height));
    for (const row of rows) {
      const name = `${terminal}${rows.indexOf(row)}`;
      shown.push(draw(row, name));
      moves.push(...moving(row, name, totalMs));
    }
    top += height + GAP;
  }
  return document(top - GAP, titles.join("; "), [...shown, style(moves, totalMs)]);
}

/** When the last character of it is there. */
function endOf({ at, by, text }: Happening): number {
  return isTyped(by) ? at + text.length * KEY_MS : at;
}

function isTyped(by: Happening["by"]): boolean {
  return by === "command" || by === "input";
}

/** Breaks what is wider than the terminal. */
function rowsOf(happenings: readonly Happening[], top: number): Row[] {
  const pieces = happenings.flatMap((one) => {
    const text = one.by === "command" ? `$ ${one.text}` : one.text;
    return (text.match(new RegExp(`.{1,${COLUMNS}}`, "gu")) ?? [""]).map((piece) => ({
      ...one,
      text: piece,
    }));
  });
  return pieces.map((piece, i) => ({ ...piece, top: top + (i + 1) * LINE }));
}

function frame(title: string, top: number, height: number): string {
  const dots = [0, 1, 2].map((n) => `<circle cx="${18 + n * 16}" cy="${top + 15}" r="5" fill="#3b4a5a"/>`);
  return [
    `<rect class="frame" x=".5" y="${top + 0.5}" width="${at(WIDTH - 1)}" height="${height - 1}" rx="8"/>`,
    `<path class="bar" d="M1 ${top + HEADER}v-21a8 8 0 0 1 8-8H${at(WIDTH - 9)}a8 8 0 0 1 8 8v21z"/>`,
    ...dots,
    `<text class="title" x="${at(WIDTH / 2)}" y="${top + 19}" text-anchor="middle">${escape(title)}</text>`,
  ].join("");
}

/** A row; of what is typed, a lid of the ground's colour shows one character after the other. */
function draw({ text, by, top }: Row, name: string): string {
  if (text === "") return "";
  const size = `textLength="${at(text.length * CHARACTER)}"`;
  const line = `<text class="row ${by}" style="animation-name:r${name}" x="${MARGIN}" y="${top}" ${size}>${
    escape(text)
  }</text>`;
  if (!isTyped(by)) return line;
  const box = `x="${MARGIN}" y="${top - 14}" width="${at(text.length * CHARACTER)}" height="${LINE}"`;
  return `${line}<rect class="cover" style="animation-name:c${name}" ${box}/>`;
}

/** The keyframes of a row. Each holds until the next, but for the lid, which goes in steps. */
function moving({ at: begin, text, by }: Row, name: string, totalMs: number): string[] {
  if (text === "") return [];
  const percent = (ms: number) => `${(ms / totalMs * 100).toFixed(2)}%`;
  const row = `@keyframes r${name}{0%{opacity:0}${percent(begin)},100%{opacity:1}}`;
  if (!isTyped(by)) return [row];
  const typed = by === "command" ? text.length - 2 : text.length;
  const steps = `animation-timing-function:steps(${text.length})`;
  const end = percent(begin + typed * KEY_MS);
  return [
    row,
    `@keyframes c${name}{0%,${percent(begin)}{opacity:1;transform:scaleX(1);${steps}}` +
    `${end},100%{opacity:1;transform:scaleX(0)}}`,
  ];
}

function style(moves: readonly string[], totalMs: number): string {
  const timing = `animation-duration:${(totalMs / 1000).toFixed(2)}s;animation-iteration-count:infinite`;
  const lids = ".cover{transform-box:fill-box;transform-origin:right;animation-timing-function:linear}";
  const animated = `.row,.cover{${timing}}.row{animation-timing-function:step-end}${lids}${moves.join("")}`;
  return `<style>${STYLE}@media (prefers-reduced-motion:no-preference){${animated}}</style>`;
}

function document(height: number, label: string, parts: readonly string[]): string {
  const box = `viewBox="0 0 ${at(WIDTH)} ${height}" width="${at(WIDTH)}" height="${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${box} role="img" aria-label="${escape(label)}">`,
    ...parts,
    "</svg>",
    "",
  ].filter((part, i, all) => part !== "" || i === all.length - 1).join("\n");
}

/** A coordinate. */
function at(n: number): string {
  return String(Math.round(n * 10) / 10);
}

function escape(text: string): string {
  const names: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => names[character]!);
}
