import { assert, assertEquals, assertMatch } from "@std/assert";
import { drawSession, type Happening, KEY_MS } from "../../tools/terminal_svg.ts";

/** A terminal in which something is typed at 1 s, and answered at 2 s; the picture lasts 7 s. */
const HAPPENINGS: Happening[] = [
  { at: 1000, terminal: 0, by: "command", text: "echo" },
  { at: 2000, terminal: 0, by: "stdout", text: "<&>" },
];

function drawn(...more: Happening[]): string {
  return drawSession({ titles: ["One"], happenings: [...HAPPENINGS, ...more] });
}

/** The text of each row, as it is seen, with how it came about. */
function rows(svg: string): string[] {
  return [...svg.matchAll(/<text class="row (\w+)"[^>]*>([^<]*)</g)].map(([, by, text]) => `${by}: ${text}`);
}

Deno.test("drawSession() shows a prompt, what was typed, and what was printed, as text", () => {
  assertEquals(rows(drawn()), ["command: $ echo", "stdout: &lt;&amp;&gt;"]);
});

Deno.test("drawSession() breaks what is wider than the terminal, and leaves empty lines out", () => {
  const long: Happening = { at: 2000, terminal: 0, by: "stderr", text: "x".repeat(100) };
  const texts = rows(drawn({ ...long, text: "" }, long));
  assertEquals(texts.slice(2), [`stderr: ${"x".repeat(96)}`, "stderr: xxxx"]);
});

Deno.test("drawSession() lets each row come at its time, and what is typed letter by letter", () => {
  const svg = drawn();
  assertMatch(svg, /animation-duration:7\.00s/);
  assert(svg.includes("@keyframes r01{0%{opacity:0}28.57%,100%{opacity:1}}"), svg);
  const typed = ((1000 + 4 * KEY_MS) / 7000 * 100).toFixed(2);
  assertMatch(svg, new RegExp(`@keyframes c00\\{0%,14.29%\\{[^}]*steps\\(6\\)\\}${typed}%`));
});

Deno.test("drawSession() moves only where motion is wanted, and fetches nothing", () => {
  const svg = drawn();
  const [, style = ""] = svg.match(/<style>(.*)<\/style>/) ?? [];
  const [still = "", moving = ""] = style.split("@media (prefers-reduced-motion:no-preference)");
  assert(!still.includes("animation") && moving.includes("animation-duration"), style);
  assert(!/<script|href=|url\(|@import/.test(svg), svg);
});
