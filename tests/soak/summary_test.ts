import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { SoakLog } from "./_log.ts";
import { Machine } from "./_machine.ts";
import { Dice } from "./_random.ts";
import { course, slope, summarize, summaryText } from "./_summary.ts";

const ABOUT = { date: "2026-01-01", version: "abc", seed: 1, processors: 2 };

Deno.test("slope() is that of the line, whatever lies around it", () => {
  assertEquals(slope([[0, 1], [10, 21], [20, 41]]), 2);
  assertAlmostEquals(slope(Array.from({ length: 100 }, (_, i) => [i, 3 * i + (i % 2)])), 3, 0.01);
  assertEquals([slope([]), slope([[1, 5]])], [0, 0]);
});

Deno.test("course() leaves out the start, and does not mistake one peak for a leak", () => {
  const samples = Array.from({ length: 40 }, (_, i) => ({
    atSeconds: i * 10,
    rssBytes: i < 10 ? i : i === 25 ? 500 : 100,
    ownBytes: 1,
    descriptors: 1,
  }));
  const { first, last, most } = course(samples, ({ rssBytes }) => rssBytes);
  assertEquals([first, last, most], [100, 100, 500]);
  const leaking = samples.map(({ atSeconds }) => ({
    atSeconds,
    rssBytes: 50 + atSeconds / 36,
    ownBytes: 1,
    descriptors: 1,
  }));
  assertEquals(course(leaking, ({ rssBytes }) => rssBytes).perHour, 100);
});

Deno.test("summaryText() counts first and second tries, and names every incident", () => {
  const log = new SoakLog(new Machine({ now: () => 0, waited: () => undefined }));
  for (const succeeded of [true, true, false]) log.connect("nothing", succeeded);
  log.connect("unplugged", false);
  const since = performance.now();
  log.retry({ what: "port – cgnat", came: "unreachable: no path", since });
  for (let i = 0; i < 2; i++) log.fail({ what: "port – port (unplugged)", came: "offline: no node", since });
  log.fail({ what: "a question", came: "reset", since, explained: ["both NATs forget"] });
  for (const troubles of [[], [], ["both NATs forget"]]) log.question(troubles, troubles.length === 0);
  log.recovered("`serve` suspended", 1000);
  log.recovered("`serve` suspended", 3000);
  log.sample("serve", { rssBytes: 80e6, ownBytes: 50e6, cpuSeconds: 1 }, 30);
  const summary = summarize(log, ABOUT);
  assertEquals(summary.connects, { attempted: 4, firstTry: 2, secondTry: 1 });
  assertEquals(summary.byFault.unplugged, { attempted: 1, succeeded: 0 });
  const text = summaryText(summary);
  for (
    const line of [
      "| connects that had to work | 4 |",
      "| failures that nothing explains | 2 |",
      "| `serve` suspended | 2 | 2.0 (3.0) |",
      "| failures that what was wrong on purpose explains | 1 |",
      "| questions through a `forward` that lasts, answered | 2, 2 |",
      "| the same while something was wrong, or could still be felt | 1, 0 |",
      "| `serve` | 80, 80, 80 | 0 | 50, 50, 50 | 0 | 30, 30, 30 | 0 |",
      "2 times, after 0 to 0 s, port – port (unplugged): offline: no node [timers overdue for",
      "port – cgnat: unreachable: no path",
      "a question: reset [both NATs forget; timers overdue for",
    ]
  ) assertStringIncludes(text, line);
});

Deno.test("a run that has found nothing yet has a summary", () => {
  const text = summaryText(summarize(new SoakLog(), ABOUT));
  assertStringIncludes(text, "| connects that had to work | 0 |");
});

Deno.test("Dice give the same for the same seed and name, and others for others", () => {
  const throws = (seed: number, name: string) => {
    const dice = new Dice(seed, name);
    return Array.from({ length: 50 }, () => dice.between(1, 6)).join("");
  };
  assertEquals(throws(1, "a"), throws(1, "a"));
  assertEquals(new Set([throws(1, "a"), throws(2, "a"), throws(1, "b")]).size, 3);
  assertEquals([...new Set(throws(1, "a"))].sort().join(""), "123456");
});
