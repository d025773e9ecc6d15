/** The figure: 30 % of 60 nodes do everything that {@linkcode MISDEEDS} lists at once, with ids close to the record. */
import { assert, assertEquals } from "@std/assert";
import { ALL_AT_ONCE, meetings } from "./_attacks.ts";

Deno.test("With 18 of 60 nodes hostile in every way, lookups find the newest record in 19 of 20 runs, and nobody else is dialled in any", async () => {
  const all = await meetings(ALL_AT_ONCE, 5, 4);
  assertEquals(all.flatMap(({ strangers }) => strangers), []);
  const found = all.filter(({ version }) => version === 2).length;
  const dialled = all.filter(({ dialledMs }) => dialledMs !== undefined).length;
  assert(found >= 19, `${found} of ${all.length} found the newest record`);
  assert(dialled >= 19, `${dialled} of ${all.length} were dialled`);
});
