import { assertEquals } from "@std/assert";
import { Budget, Budgets, Recent } from "../../lib/discovery/_limits.ts";

function manualTime() {
  const time = { ms: 0, now: () => time.ms };
  return time;
}

Deno.test("Recent forgets a key some time after it was last added", () => {
  const time = manualTime();
  const recent = new Recent(10, 1000, time.now);
  recent.add("a");
  time.ms = 900;
  assertEquals(recent.has("a"), true);
  recent.add("a");
  time.ms = 1800;
  assertEquals(recent.has("a"), true);
  time.ms = 1900;
  assertEquals(recent.has("a"), false);
});

Deno.test("Recent never holds more than its maximum, and drops the oldest", () => {
  const recent = new Recent(2, 1000, manualTime().now);
  for (const key of ["a", "b", "a", "c"]) recent.add(key);
  assertEquals(["a", "b", "c"].filter((key) => recent.has(key)), ["a", "c"]);
});

Deno.test("Budget gives a burst, then so many a second", () => {
  const time = manualTime();
  const budget = new Budget({ burst: 3, perSecond: 2 }, time.now);
  assertEquals([1, 2, 3, 4].map(() => budget.take()), [true, true, true, false]);
  time.ms = 1000;
  assertEquals([1, 2, 3].map(() => budget.take()), [true, true, false]);
  time.ms = 1_000_000;
  assertEquals([1, 2, 3, 4].map(() => budget.take()), [true, true, true, false]);
});

Deno.test("Budgets keep one key's waste from another", () => {
  const budgets = new Budgets({ burst: 1, perSecond: 0 }, 10, manualTime().now);
  assertEquals([..."aab"].map((key) => budgets.take(key)), [true, false, true]);
});

Deno.test("Budgets remember at most their maximum of keys", () => {
  const budgets = new Budgets({ burst: 1, perSecond: 0 }, 2, manualTime().now);
  assertEquals([..."abca"].map((key) => budgets.take(key)), [true, true, true, true]);
  assertEquals(budgets.take("c"), false);
});
