/**
 * What `deno task bench:nat` measures: the cells of the matrix, and the figures that some of them must reach.
 *
 * @module
 */
import { expectation } from "../lab/expectation.ts";
import { NAT_TYPES, type NatType } from "../lab/mod.ts";

/** What the network does to all pairs alike. */
export interface Conditions {
  /** Round trip between public addresses. */
  readonly rttMs: number;
  /** The part of the packets that gets lost, in each direction. */
  readonly loss: number;
  /** New flows a second that others open through the NATs of both sides. */
  readonly noise: number;
}

/** One pair of networks under certain conditions. */
export interface Cell {
  readonly serving: NatType;
  readonly connecting: NatType;
  readonly conditions: Conditions;
}

/** What one connect came to. */
export interface Run {
  /** `connected`, or the code of the error. */
  readonly outcome: string;
  /** What the connecting side says of it, where it did not connect. */
  readonly why?: string;
  /** From the moment at which the connecting side knew the record to the open WebSocket, or to the error. */
  readonly overMs: number;
  /** From the moment at which both sides knew enough to the open TCP path. */
  readonly punchMs?: number;
  /** The strategy that the connecting side reports. */
  readonly strategy?: string;
  /** The kind of the path's candidate. */
  readonly kind?: string;
  /** How often the connecting side began, with fresh ports. */
  readonly attempts?: number;
}

/** A cell and all its runs. */
export interface Measured extends Cell {
  readonly runs: readonly Run[];
}

/** A promise about some cells. */
export interface Figure {
  readonly name: string;
  readonly conditions: Conditions;
  /** Which cells it speaks of. */
  readonly speaksOf: (serving: NatType, connecting: NatType) => boolean;
  /** The median of each cell. */
  readonly punchMs?: number;
  /** The part of each cell's runs that connects. */
  readonly connects?: number;
  /** The part of all runs that connects in the first attempt. */
  readonly firstTry?: number;
  /** What every run must be over within, once the sides know each other. */
  readonly overMs?: number;
  /** The outcome of every run, where it is not a connection. */
  readonly outcome?: string;
}

/** What the matrix is measured under. */
export const USUAL: Conditions = { rttMs: 50, loss: 0, noise: 0 };

/** One kept connecting socket on each side is all that it takes. */
const PLAIN: readonly NatType[] = [
  "open",
  "fullcone",
  "addr",
  "port",
  "port-rst",
  "port-icmp",
  "port-noprsv",
  "firewall",
  "cgnat",
];
const RESTRICTED: readonly string[] = ["port", "port-rst", "firewall", "cgnat"];
const DRAWN: readonly string[] = ["sym-rand", "cgnat-sym"];

/** Whether one side is among `these` and the other among `those`. */
function between(these: readonly string[], those: readonly string[]): Figure["speaksOf"] {
  return (a, b) => (these.includes(a) && those.includes(b)) || (these.includes(b) && those.includes(a));
}

/** What is promised. */
export const FIGURES: readonly Figure[] = [
  {
    name: "plain pairs",
    conditions: USUAL,
    speaksOf: between(PLAIN, PLAIN),
    punchMs: 150,
    connects: 1,
    firstTry: 0.98,
  },
  {
    name: "plain pairs, 200 ms and 5 % loss",
    conditions: { rttMs: 200, loss: 0.05, noise: 0 },
    speaksOf: between(PLAIN, PLAIN),
    punchMs: 800,
    connects: 1,
  },
  {
    name: "a mapped port (upnp)",
    conditions: USUAL,
    speaksOf: between(["upnp"], PLAIN),
    punchMs: 100,
    connects: 1,
  },
  {
    name: "in sequence or of a block – port-restricted",
    conditions: USUAL,
    speaksOf: between(["sym-seq", "sym-block"], RESTRICTED),
    punchMs: 500,
    connects: 0.9,
  },
  {
    name: "in sequence, 20 other flows a second – port-restricted",
    conditions: { ...USUAL, noise: 20 },
    speaksOf: between(["sym-seq"], ["port"]),
    punchMs: 500,
    connects: 0.9,
  },
  {
    name: "drawn – port-restricted",
    conditions: USUAL,
    speaksOf: between(["sym-rand"], RESTRICTED),
    punchMs: 500,
    connects: 1,
    overMs: 5000,
  },
  {
    name: "in sequence – in sequence",
    conditions: USUAL,
    speaksOf: between(["sym-seq"], ["sym-seq"]),
    punchMs: 1000,
    connects: 0.8,
  },
  {
    name: "drawn – drawn",
    conditions: USUAL,
    speaksOf: between(DRAWN, DRAWN),
    outcome: "no-direct-path",
    overMs: 2000,
  },
];

/** Runs of a cell for which a figure is promised, and of any other. */
const RUNS = { figure: 10, other: 3 };

/** Whether a figure is promised for a cell. */
export function isPromised({ serving, connecting, conditions }: Cell): boolean {
  return FIGURES.some((figure) =>
    figure.speaksOf(serving, connecting) && sameConditions(figure.conditions, conditions)
  );
}

/** How often a cell is run. */
export function runsOf(cell: Cell): number {
  return isPromised(cell) ? RUNS.figure : RUNS.other;
}

/** Whether two networks treat packets alike. */
export function sameConditions(a: Conditions, b: Conditions): boolean {
  return a.rttMs === b.rttMs && a.loss === b.loss && a.noise === b.noise;
}

const TYPES = Object.keys(NAT_TYPES) as NatType[];

/** Every pair under one set of conditions. */
export function matrix(conditions: Conditions): Cell[] {
  return TYPES.flatMap((serving) => TYPES.map((connecting) => ({ serving, connecting, conditions })));
}

/** The whole matrix under the usual conditions, and what the figures need under others. */
export function everyCell(): Cell[] {
  const others = FIGURES.filter(({ conditions }) => !sameConditions(conditions, USUAL));
  return [
    ...matrix(USUAL),
    ...others.flatMap(({ conditions, speaksOf }) =>
      matrix(conditions).filter(({ serving, connecting }) => speaksOf(serving, connecting))
    ),
  ];
}

/** A name of a cell that is the same in every run of the bench. */
export function cellName({ serving, connecting, conditions: { rttMs, loss, noise } }: Cell): string {
  return `${serving} – ${connecting}, ${rttMs} ms, loss ${loss}, noise ${noise}`;
}

/**
 * Reads `A-B,C-D`, where each is a network or `*`; names have dashes themselves, so the one that leaves a known name
 * on both sides counts. Throws `SyntaxError`.
 */
export function parsePairs(text: string): (cell: Cell) => boolean {
  const known = (name: string) => name === "*" || Object.hasOwn(NAT_TYPES, name);
  const pairs = text.split(",").map((pair) => {
    const parts = pair.split("-");
    const ways = parts.slice(1)
      .map((_, i) => [parts.slice(0, i + 1).join("-"), parts.slice(i + 1).join("-")] as const)
      .filter((way) => way.every(known));
    if (ways.length === 1) return ways[0]!;
    throw new SyntaxError(
      `Cannot read --pairs: must be A-B,C-D of known networks, current value is "${pair}"`,
    );
  });
  const fits = (name: string, type: NatType) => name === "*" || name === type;
  return ({ serving, connecting }) => pairs.some(([a, b]) => fits(a, serving) && fits(b, connecting));
}

/** Whether a run came to what had to be. */
export function isAsExpected({ serving, connecting }: Cell, { outcome }: Run): boolean {
  const expected = expectation(serving, connecting);
  return expected.connects === "perhaps" || expected.connects === (outcome === "connected");
}
