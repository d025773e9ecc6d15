import { encode } from "uqr";

/** Light modules around the code, without which a camera may not find it (ISO/IEC 18004). */
const QUIET_ZONE = 4;
/** Black on white of the 256 fixed colours: a terminal's own black and white follow its theme. */
const BLACK_ON_WHITE = "\x1b[38;5;16;48;5;231m";
const RESET = "\x1b[0m";
/** Two modules above each other, light or dark, in one character of the dark colour. */
const DARK_HALVES = [" ", "▄", "▀", "█"] as const;
/** The same for a terminal of unknown colours, most of which are dark: its own foreground is the light colour. */
const LIGHT_HALVES = ["█", "▀", "▄", " "] as const;

/**
 * A QR code of a text as lines for a terminal, two modules high each.
 *
 * @param colour Whether colours may be used; with them it can be read on dark and light terminals alike.
 */
export function qrLines(text: string, colour: boolean): string[] {
  const { data, size } = encode(text, { border: QUIET_ZONE });
  const halves = colour ? DARK_HALVES : LIGHT_HALVES;
  const lines: string[] = [];
  for (let y = 0; y < size; y += 2) {
    const [upper, lower] = [data[y]!, data[y + 1]];
    const line = upper.map((dark, x) => halves[(dark ? 2 : 0) + (lower?.[x] ? 1 : 0)]).join("");
    lines.push(colour ? `${BLACK_ON_WHITE}${line}${RESET}` : line);
  }
  return lines;
}
