import { assert, assertEquals, assertMatch } from "@std/assert";
import * as fc from "./_fast_check.ts";
import { BATCH_CASES, describeFinding, fuzz, inputOf, threadMs } from "./_run.ts";
import { summary } from "./_summary.ts";
import { type FuzzTarget, fuzzTarget } from "./_target.ts";
import { TARGETS } from "./_targets.ts";
import { fuzzInWorker } from "./_watch.ts";

/** A parser that cannot read numbers of at least a hundred. */
const wrong = fuzzTarget("wrong", "it reads every number", () => ({
  inputs: fc.nat(20_000),
  check(n) {
    if (n >= 100) throw new Error("It has three digits");
  },
}));

const noisy = fuzzTarget("noisy", "it prints nothing", () => ({
  inputs: fc.nat(),
  // deno-lint-ignore no-console -- it is what must be found
  check: () => console.warn("a word"),
}));

const slow = fuzzTarget("slow", "it is quick", () => ({
  inputs: fc.nat(),
  check() {
    const start = threadMs();
    while (threadMs() - start < 101);
  },
}));

Deno.test("fuzz() finds the smallest input that breaks a promise, and says how it comes again", async () => {
  const { finding } = await fuzz(wrong, { cases: 1_000, seed: 1 });
  assertEquals(finding?.input, "100");
  assertMatch(describeFinding("wrong", finding!), /input: 100\n {2}error: Error: It has three digits/);
  const again = await fuzz(wrong, { cases: finding!.cases, seed: finding!.seed });
  assertEquals([again.cases, again.finding?.input], [finding!.cases, "100"]);
});

Deno.test("fuzz() gives the same inputs for the same seed, and others for another one", async () => {
  const seen = async (seed: number) => {
    const list: number[] = [];
    const target = fuzzTarget("seen", "", () => ({ inputs: fc.nat(), check: (n) => void list.push(n) }));
    const { cases } = await fuzz(target, { cases: BATCH_CASES + 10, seed, now: () => 0 });
    assertEquals([cases, list.length], [BATCH_CASES + 10, BATCH_CASES + 10]);
    return list;
  };
  const first = await seen(5);
  assertEquals(await seen(5), first);
  assert(first.join() !== (await seen(6)).join());
});

Deno.test("fuzz() takes for broken what writes to the console, and what is slow each time", async () => {
  assertMatch(
    (await fuzz(noisy, { cases: 10, seed: 1 })).finding!.error,
    /It writes to the console: console\.warn: a word/,
  );
  assertMatch((await fuzz(slow, { cases: 10, seed: 1 })).finding!.error, /It takes \d+ ms/);
});

Deno.test("fuzz() closes its session, and begins no batch when its time is up", async () => {
  let closed = 0;
  const target: FuzzTarget = fuzzTarget("closing", "", () => ({
    inputs: fc.nat(),
    check() {},
    close: () => Promise.resolve(void closed++),
  }));
  const { cases } = await fuzz(target, { cases: 10, seed: 1, until: 0, now: () => 1 });
  assertEquals([cases, closed], [0, 1]);
});

Deno.test("inputOf() gives the input of any case of a run, in whatever batch", async () => {
  const seen: number[] = [];
  const target = fuzzTarget("seen", "", () => ({ inputs: fc.nat(), check: (n) => void seen.push(n) }));
  await fuzz(target, { cases: BATCH_CASES + 3, seed: 9, now: () => 0 });
  for (const index of [0, 7, BATCH_CASES - 1, BATCH_CASES + 2]) {
    assertEquals(await inputOf(target, 9, index), `${seen[index]}`);
  }
});

Deno.test("fuzzInWorker() says the same as fuzz()", async () => {
  const { ms: _, slowestMs: __, ...outcome } = await fuzzInWorker({
    name: "nat",
    cases: 50,
    seed: 3,
    ms: 60_000,
  });
  assertEquals(outcome, { name: "nat", cases: 50, seed: 3 });
});

Deno.test("fuzzInWorker() takes for a finding what never ends, or never begins", async () => {
  const { cases, finding } = await fuzzInWorker({
    name: "nat",
    cases: 1e9,
    seed: 3,
    ms: 1e9,
    hangsAfterMs: 0,
  });
  assertEquals([finding?.error, finding?.cases], ["It never ends", cases]);
});

Deno.test("every target has a name of its own, and a promise in one sentence", () => {
  const names = TARGETS.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  for (const { name, promise } of TARGETS) {
    assertMatch(name, /^[a-z0-9-]{1,18}$/);
    assertMatch(promise, /^[A-Za-z0-9][^.]{10,130}$/, name);
  }
});

Deno.test("summary() has a line for each target, and every finding in full", () => {
  const stun = { name: "stun", cases: 12, seed: 1, ms: 10, slowestMs: 2 };
  const outcomes = [
    { ...stun, finding: { seed: 4, cases: 12, input: "7", error: "no" } },
    { name: "nat", cases: 1_000_000, seed: 1, ms: 65_400, slowestMs: 1.23 },
  ];
  const text = summary(outcomes, { date: "2026-11-27", version: "abc" });
  assertMatch(
    text,
    /\| nat \| 1,000,000 \| 0 \| 1 \| 1\.2 ms \| 2026-11-27 \| abc \|\n\| stun \| 12 \| 1 \|/,
  );
  assertMatch(text, /again: deno task fuzz stun --seed=4 --cases 12/);
  assertMatch(text, /Not run yet: bencode, /);
});

Deno.test("summary() keeps what was said of the targets that were not run again, however wide their cells", () => {
  const one = (name: string) => ({ name, cases: 5, seed: 1, ms: 1, slowestMs: 1 });
  const before = summary([one("nat"), one("stun")], { date: "2026-11-01", version: "old" })
    .replace("| nat |", "| nat    |");
  const text = summary([{ ...one("stun"), cases: 9 }], { date: "2026-11-27", version: "new" }, before);
  assertMatch(text, /\| nat \| 5 \| 0 \| 1 \| 1\.0 ms \| 2026-11-01 \| old \|/);
  assertMatch(text, /\| stun \| 9 \| 0 \| 1 \| 1\.0 ms \| 2026-11-27 \| new \|/);
  assertMatch(text, /Not run yet: .*\btarget\b/); // the head of the table is no row
});
