import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Cell, everyCell, type Measured, parsePairs, type Run, runsOf, USUAL } from "./_nat_cells.ts";
import { figuresTable, judge, matrixTable, surprises } from "./_nat_report.ts";

const PLAIN: Cell = { serving: "port", connecting: "addr", conditions: USUAL };
const DRAWN: Cell = { serving: "sym-rand", connecting: "sym-rand", conditions: USUAL };

function opened(punchMs: number, more: Partial<Run> = {}): Run {
  return {
    outcome: "connected",
    overMs: 300,
    punchMs,
    kind: "reflexive",
    strategy: "plain",
    attempts: 1,
    ...more,
  };
}

/** What did not hold of the figures that speak of these cells. */
function failures(...cells: Measured[]): string[] {
  return judge(cells).flatMap((verdict) => verdict.failures);
}

Deno.test("judge() holds a cell to its median, its share of connects and of first tries", () => {
  assertEquals(failures({ ...PLAIN, runs: [opened(80), opened(90), opened(400)] }), []);
  assertEquals(failures({ ...PLAIN, runs: [opened(80), opened(160), opened(400)] }), [
    "port – addr: median 160 ms",
  ]);
  assertEquals(failures({ ...PLAIN, runs: [opened(80), { outcome: "timeout", overMs: 9000 }] }), [
    "port – addr: 1 of 2 connected",
    "1 of 2 on the first try",
  ]);
  assertEquals(failures({ ...PLAIN, runs: [opened(80, { attempts: 2 })] }), ["0 of 1 on the first try"]);
});

Deno.test("judge() holds a pair without a path to a plain no in time", () => {
  const no = (overMs: number, outcome = "no-direct-path"): Run => ({ outcome, overMs });
  assertEquals(failures({ ...DRAWN, runs: [no(900)] }), []);
  assertEquals(failures({ ...DRAWN, runs: [no(2100)] }), ["sym-rand – sym-rand: over after 2100 ms"]);
  assertEquals(failures({ ...DRAWN, runs: [no(900, "timeout")] }), ["sym-rand – sym-rand: timeout"]);
});

Deno.test("judge() speaks of no figure that nothing was measured for", () => {
  assertEquals(judge([]), []);
  assertEquals(judge([{ ...PLAIN, conditions: { ...USUAL, rttMs: 51 }, runs: [opened(80)] }]), []);
});

Deno.test("The tables show each cell's median, strategy, and what was no surprise", () => {
  const cells: Measured[] = [
    { ...PLAIN, runs: [opened(80), opened(90), opened(100)] },
    { ...DRAWN, runs: [{ outcome: "no-direct-path", overMs: 900 }] },
    {
      ...{ serving: "sym-rand", connecting: "port", conditions: USUAL },
      runs: [opened(240, { strategy: "birthday" }), { outcome: "timeout", overMs: 9000 }],
    },
  ];
  const matrix = matrixTable(cells);
  for (const text of ["| 90 |", "| no |", "240 bth (1/2) ✗"]) assertStringIncludes(matrix, text);
  const figures = figuresTable(judge(cells));
  assertStringIncludes(figures, "| plain pairs | 1 |");
  assertStringIncludes(figures, "| **no** |");
  assertEquals(surprises(cells).map((line) => line.split(";")[0]), [
    "sym-rand – port (50 ms, loss 0, noise 0): timeout in 1 of 2",
  ]);
});

Deno.test("Every pair of networks is measured, more often where a figure is promised", () => {
  const cells = everyCell();
  const usual = cells.filter(({ conditions }) => conditions === USUAL);
  assertEquals(Math.sqrt(usual.length) % 1, 0);
  assertEquals([runsOf(PLAIN), runsOf({ ...PLAIN, connecting: "lan2" })], [10, 3]);
  assertEquals(
    new Set(cells.map(({ conditions: { rttMs, loss, noise } }) => `${rttMs} ${loss} ${noise}`)),
    new Set(["50 0 0", "200 0.05 0", "50 0 20"]),
  );
});

Deno.test("parsePairs() reads names that have dashes, and refuses what is none", () => {
  const wanted = (text: string) =>
    everyCell().filter(({ conditions }) => conditions === USUAL).filter(parsePairs(text));
  const names = wanted("port-rst-sym-seq").map(({ serving, connecting }) => [serving, connecting]);
  assertEquals(names, [["port-rst", "sym-seq"]]);
  assertEquals(wanted("*-port").every(({ connecting }) => connecting === "port"), true);
  for (const text of ["", "port", "port-nothing", "port_addr"]) {
    let error: unknown;
    try {
      parsePairs(text);
    } catch (thrown) {
      error = thrown;
    }
    assertEquals(error instanceof SyntaxError, true, text);
  }
});
