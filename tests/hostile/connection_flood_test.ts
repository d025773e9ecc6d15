/** Connections by the thousand that never become anything, and a peer that wants to be served meanwhile. */
import { assert, assertEquals } from "@std/assert";
import { silence } from "./_attacks.ts";
import { PATIENCE_MS, startTarget, visit } from "./_target.ts";

/** What a thousand waiting connections may cost a serving process: a descriptor and some KiB each, and garbage. */
const MOST_GROWTH_BYTES = 100e6;

Deno.test("An honest peer connects while strangers hold more connections than there is room for", async () => {
  await using target = await startTarget();
  await visit(target);
  const before = await target.residentBytes();
  await using crowd = silence(target);
  await crowd.gathered();
  const took = await visit(target);
  assert(took < PATIENCE_MS, `${took} ms`);
  const growth = await target.residentBytes() - before;
  assert(growth < MOST_GROWTH_BYTES, `${growth / 1e6} MB`);
  assertEquals([crowd.received, await target.asked(2)], [0, ["/", "/"]]);
});

Deno.test("Strangers at one address take a quarter of the room at most", async () => {
  await using target = await startTarget();
  await using crowd = silence(target, { addresses: 1, size: 600 });
  await crowd.gathered(700); // the oldest have been shown out, and others have come
  assert([...crowd.inside].length <= 600);
  assert(await visit(target) < PATIENCE_MS);
  assertEquals(await target.asked(1), ["/"]);
});
