import { assert, assertEquals } from "@std/assert";
import { PAGE_STYLE } from "../../../cli/page/style.ts";

/** The least contrast of text, by WCAG 2.2, level AA. */
const READABLE = 4.5;

/** The colours of the light and of the dark page. */
function colours(): Map<string, [light: string, dark: string]> {
  const pairs = PAGE_STYLE.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g);
  return new Map([...pairs].map(([, name, light, dark]) => [name!, [light!, dark!]]));
}

/** @see {@link https://www.w3.org/TR/WCAG22/#dfn-relative-luminance} */
function luminance(colour: string): number {
  const channels = [...Uint8Array.fromHex(colour.slice(1))].map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * channels[0]! + 0.7152 * channels[1]! + 0.0722 * channels[2]!;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

Deno.test("contrast() of black on white is 21, of a colour on itself 1", () => {
  assertEquals([contrast("#000000", "#ffffff"), contrast("#123456", "#123456")], [21, 1]);
});

Deno.test("the page's text can be read on every ground, dark and light", () => {
  const pairs = ["ink", "quiet", "accent", "good", "busy", "bad"].flatMap((text) =>
    ["ground", "surface"].map((ground) => [text, ground])
  );
  const all = colours();
  for (const [text, ground] of [...pairs, ["on-accent", "accent"], ["ink", "mine"], ["quiet", "mine"]]) {
    for (const scheme of [0, 1]) {
      const ratio = contrast(all.get(text!)![scheme]!, all.get(ground!)![scheme]!);
      assert(ratio >= READABLE, `${text} on ${ground}, ${scheme ? "dark" : "light"}: ${ratio.toFixed(2)}`);
    }
  }
});

Deno.test("the page's style fetches nothing and ends no element", () => {
  assertEquals(/url\(|@import|<\//.test(PAGE_STYLE), false);
});
