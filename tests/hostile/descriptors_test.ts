/** A serving peer to whom the system gives few descriptors, and strangers who want them all. */
import { assert, assertEquals } from "@std/assert";
import { halfOpenTlsWithId, silence } from "./_attacks.ts";
import { PATIENCE_MS, startTarget, visit } from "./_target.ts";

const DESCRIPTORS = 400;

Deno.test({
  name: "An honest peer connects while strangers want more descriptors than the process has",
  ignore: Deno.build.os === "windows", // there a process has no such limit
  async fn(t) {
    await using target = await startTarget({ descriptors: DESCRIPTORS });
    for (const attack of [silence, halfOpenTlsWithId]) {
      await t.step(attack.name, async () => {
        await using crowd = attack(target, { size: 2 * DESCRIPTORS, perSecond: 400 });
        await crowd.gathered(3 * DESCRIPTORS);
        assert(await visit(target) < PATIENCE_MS);
      });
      await visit(target); // and after it
    }
    assertEquals((await target.asked(4)).length, 4);
  },
});
