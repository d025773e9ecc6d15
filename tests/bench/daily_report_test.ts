import { assertEquals, assertStringIncludes } from "@std/assert";
import { dailyTables, kernelVersion, linesOf } from "./_daily_report.ts";

const at = (requestsPerSecond: number, medianMs: number) => [{ requestsPerSecond, medianMs }];

Deno.test("linesOf() speaks of what was measured, and says whether it is what was wanted", () => {
  assertEquals(linesOf({}), []);
  const http = { bare: at(40_000, 1.5), bareAlone: at(9000, 0.1) };
  const fast = linesOf({ http: { ...http, through: at(20_000, 2.4), throughAlone: at(2000, 0.9) } });
  assertEquals(fast.map(({ held }) => held), [true, true, true]);
  const slow = linesOf({ http: { ...http, through: at(4000, 16), throughAlone: at(500, 1.2) } });
  assertEquals(slow.map(({ held }) => held), [false, false, false]);
  assertStringIncludes(slow[0]!.measured, "0.10 (0.10 to 0.10): 4000 (4000 to 4000) of 40000");
});

Deno.test("kernelVersion() keeps what others know a kernel by", () => {
  const releases = ["6.18.44-somebody-1", "6.12-rc3", "7", "unknown"];
  assertEquals(releases.map(kernelVersion), ["6.18", "6.12", "7", "of an unknown version"]);
});

Deno.test("linesOf() compares a download with native wss by what its sender keeps", () => {
  const wss = [{ way: "native" as const, bytesPerSecond: [400e6, 1000e6], roundTripMs: 0.1 }];
  const lines = linesOf({ download: { bare: [2e9], through: [320e6] }, wss });
  assertEquals(lines.map(({ held }) => held), [true, true, false]);
});

Deno.test("linesOf() takes memory for flat that grows by 10 MB in 5 GB at the most", () => {
  const memory = [0.001, 0.003].map((slope) => ({
    ...{ direction: "upload", process: "serve", slope, settled: 90e6, most: 95e6 } as const,
  }));
  assertEquals(linesOf({ memory }).map(({ held }) => held), [true, false]);
});

Deno.test("linesOf() lets no short connection fail, and none leave a descriptor behind", () => {
  const connections = { connections: 100, failures: [], seconds: 1, descriptorsLeft: 0, bytesLeft: 500 };
  const bad = [{ ...connections, failures: ["number 7: reset"] }, { ...connections, descriptorsLeft: 3 }];
  const lines = [connections, ...bad].flatMap((one) => linesOf({ connections: one }));
  assertEquals(lines.map(({ held }) => held), [true, false, false]);
  assertStringIncludes(lines[1]!.measured, "99, 100 a second");
  assertStringIncludes(lines[1]!.measured, "first failure: number 7: reset");
});

Deno.test("dailyTables() has a line for each part of the way, and what a request takes of the processors", () => {
  const through = (requestsPerSecond: number, cpuMs: number) => [{ requestsPerSecond, medianMs: 1, cpuMs }];
  const hops = {
    ...{ none: through(50_000, 0.02), copy: through(20_000, 0.03), local: through(10_000, 0.05) },
    ...{ proxy: through(8000, 0.16), handler: through(6000, 0.2), all: through(4000, 0.28) },
  };
  assertStringIncludes(
    dailyTables({ hops }),
    "| 4000 (4000 to 4000) | 0.08 (0.08 to 0.08) | 280 (280 to 280) |",
  );
});
