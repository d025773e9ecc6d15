import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { draw, interval, MEASURED, oddsOf, PICTURE } from "../../tools/birthday_plot.ts";

Deno.test("The plot of HOLEPUNCH.md shows what was measured", async () => {
  const points = JSON.parse(await Deno.readTextFile(MEASURED));
  assertEquals(await Deno.readTextFile(PICTURE), draw(points), "run: deno task plot");
});

Deno.test("The measured volleys hit as often as was computed", async () => {
  for (const point of JSON.parse(await Deno.readTextFile(MEASURED))) {
    // Wider than the intervals of the plot: of so many, one lies outside its 95 % now and then.
    const [least, most] = interval({ hits: point.hits, rounds: point.rounds });
    const odds = oddsOf(point.opens * point.guesses), slack = (most - least) / 2;
    assert(
      odds > least - slack && odds < most + slack,
      `${point.opens} × ${point.guesses}: ${point.hits}/${point.rounds}`,
    );
  }
});

Deno.test("oddsOf() and interval() are those of the textbook", () => {
  assertAlmostEquals(oddsOf(768 * 512), 0.99774, 1e-4);
  assertAlmostEquals(oddsOf(256 * 256), 0.63788, 1e-4);
  const [least, most] = interval({ hits: 5, rounds: 10 });
  assertAlmostEquals(least, 0.2366, 1e-4);
  assertAlmostEquals(most, 0.7634, 1e-4);
  assertEquals(interval({ hits: 10, rounds: 10 })[1], 1);
});
