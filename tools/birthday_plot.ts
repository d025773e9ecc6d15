/**
 * `deno task plot`: draws the odds of a volley, as computed and as measured by `deno task bench birthday`.
 *
 * @module
 */
import { ROOT } from "./run_flags.ts";

/** Rounds of one size, as the benchmark writes them. */
export interface Point {
  /** Ports opened. */
  readonly opens: number;
  /** Ports guessed. */
  readonly guesses: number;
  /** How often it was tried. */
  readonly rounds: number;
  /** How often a connection opened. */
  readonly hits: number;
}

/** Ports 1024 to 65,535. */
const PORTS = 64_512;
/** Two sides of the normal distribution: 95 %. */
const Z = 1.96;
const MOST = 420_000;
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [720, 420, 64, 24, 24, 56];

/** The odds that one of `product` = opened × guessed pairs meets. */
export function oddsOf(product: number): number {
  return 1 - Math.exp(-product / PORTS);
}

/** The Wilson score interval of `hits` in `rounds`, with 95 % confidence. */
export function interval({ hits, rounds }: Pick<Point, "hits" | "rounds">): [least: number, most: number] {
  const share = hits / rounds, square = Z * Z;
  const middle = (share + square / (2 * rounds)) / (1 + square / rounds);
  const half = Z / (1 + square / rounds) *
    Math.sqrt(share * (1 - share) / rounds + square / (4 * rounds * rounds));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** The picture, readable on light and on dark ground. */
export function draw(points: readonly Point[]): string {
  const x = (product: number) => LEFT + (WIDTH - LEFT - RIGHT) * product / MOST;
  const y = (share: number) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
  const at = (n: number) => n.toFixed(1);
  const curve = Array.from({ length: 85 }, (_, i) => i * 5000)
    .map((product) => `${at(x(product))},${at(y(oddsOf(product)))}`).join(" ");
  const text = (left: number, top: number, words: string, anchor = "middle") =>
    `<text x="${at(left)}" y="${at(top)}" text-anchor="${anchor}">${words}</text>`;
  const rows = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<path class="grid" d="M${LEFT} ${at(y(share))}H${WIDTH - RIGHT}"/>`,
    text(LEFT - 8, y(share) + 4, `${share * 100} %`, "end"),
  ]);
  const columns = [0, 100_000, 200_000, 300_000, 400_000].flatMap((product) => [
    `<path class="grid" d="M${at(x(product))} ${TOP}V${HEIGHT - BOTTOM}"/>`,
    text(x(product), HEIGHT - BOTTOM + 18, product.toLocaleString("en-US")),
  ]);
  const marks = points.flatMap((point) => {
    const left = x(point.opens * point.guesses), [least, most] = interval(point);
    const share = point.hits / point.rounds;
    return [
      `<path class="range" d="M${at(left)} ${at(y(least))}V${at(y(most))}"/>`,
      `<circle cx="${at(left)}" cy="${
        at(y(share))
      }" r="4"><title>${point.opens} × ${point.guesses}: ${point.hits} of ${point.rounds}</title></circle>`,
      text(
        left + 8,
        y(share) + 16,
        `${point.opens} × ${point.guesses}`,
        left > WIDTH - 120 ? "end" : "start",
      ),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Odds of a volley by its size">`,
    `<style>text{font:12px system-ui,sans-serif;fill:#777}.grid{stroke:#888;stroke-opacity:.25}.range{stroke:#d9730d;stroke-width:2}circle{fill:#d9730d}polyline{fill:none;stroke:#3b82c4;stroke-width:2}</style>`,
    ...rows,
    ...columns,
    `<polyline points="${curve}"/>`,
    ...marks,
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "ports opened × ports guessed, one round"),
    text(WIDTH - RIGHT - 8, y(0.25), "line: 1 − exp(−N·M / 64,512)", "end"),
    text(WIDTH - RIGHT - 8, y(0.25) + 18, "points: measured, with 95 % intervals", "end"),
    "</svg>",
    "",
  ].join("\n");
}

/** What was measured. */
export const MEASURED = new URL("tests/bench/birthday.json", ROOT);
/** The picture of HOLEPUNCH.md. */
export const PICTURE = new URL("birthday.svg", ROOT);

if (import.meta.main) {
  const points: Point[] = JSON.parse(await Deno.readTextFile(MEASURED));
  await Deno.writeTextFile(PICTURE, draw(points));
}
