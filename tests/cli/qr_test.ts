import { assert, assertEquals, assertMatch } from "@std/assert";
// deno-lint-ignore no-import-prefix -- reads what we write; nothing of the project but this test needs it
import readQr from "npm:jsqr@1.4.0";
import { qrLines } from "../../cli/_qr.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";

/** Pixels a module: a camera sees more than one. */
const SCALE = 4;
const BEGIN = "\x1b[38;5;16;48;5;231m";
const END = "\x1b[0m";

type Decoder = (pixels: Uint8ClampedArray, width: number, height: number) => { data: string } | null;

/** What a camera reads from the lines on a terminal whose characters have one colour and whose ground the other. */
function scan(lines: readonly string[], charactersAre: "dark" | "light"): string | undefined {
  const rows = lines.flatMap((line) => {
    const characters = [...line.replace(BEGIN, "").replace(END, "")];
    return ["█▀", "█▄"].map((inked) =>
      characters.map((c) => inked.includes(c) === (charactersAre === "dark"))
    );
  });
  const [width, height] = [rows[0]!.length * SCALE, rows.length * SCALE];
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dark = rows[Math.floor(y / SCALE)]![Math.floor(x / SCALE)];
      pixels.set(dark ? [0, 0, 0, 255] : [255, 255, 255, 255], (y * width + x) * 4);
    }
  }
  return (readQr as unknown as Decoder)(pixels, width, height)?.data;
}

Deno.test("qrLines() makes what a camera reads as the id", () => {
  for (let n = 0; n < 20; n++) {
    const { id } = generateIdentity();
    assertEquals(scan(qrLines(id, true), "dark"), id);
    assertEquals(scan(qrLines(id, false), "light"), id);
  }
});

Deno.test("qrLines() sets both colours in every line, and sets them back", () => {
  for (const line of qrLines("y".repeat(52), true)) {
    assert(line.startsWith(BEGIN) && line.endsWith(END), line);
    assertMatch(line.slice(BEGIN.length, -END.length), /^[ ▀▄█]+$/);
  }
});

Deno.test("qrLines() writes no colour where none is wanted, and fits a small terminal", () => {
  const lines = qrLines("y".repeat(52), false);
  assertEquals(lines.join("\n").includes("\x1b"), false);
  assert(lines.length <= 22 && lines.every((line) => line.length <= 80), `${lines.length}`);
});
