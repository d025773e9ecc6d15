/** Checks that never come to an end. */
import { assert, assertEquals } from "@std/assert";
import { plainRequest, slowChecks } from "./_attacks.ts";
import { Stranger } from "./_strangers.ts";
import { PATIENCE_MS, startTarget, visit } from "./_target.ts";

Deno.test("An honest peer connects while strangers spell out their checks byte by byte", async () => {
  await using target = await startTarget();
  await using crowd = slowChecks(target);
  await crowd.gathered();
  assert(await visit(target) < PATIENCE_MS);
  assertEquals([crowd.received, await target.asked(1)], [0, ["/"]]);
});

Deno.test("A stranger who asks for no id gets his own address and is shown out after 64 questions", async () => {
  await using target = await startTarget();
  const stranger = new Stranger(target.port);
  await stranger.open;
  let answers = 0;
  while (!stranger.isClosed) {
    stranger.say(plainRequest());
    if ((await stranger.hear(32)).length === 32) answers++;
  }
  assertEquals([answers, await target.asked(0)], [64, []]);
  await stranger.leave();
});
