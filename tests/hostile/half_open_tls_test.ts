/** TLS that begins and does not go on. */
import { assert, assertEquals } from "@std/assert";
import { HALF_HELLO, halfOpenTls, halfOpenTlsWithId } from "./_attacks.ts";
import { Stranger } from "./_strangers.ts";
import { PATIENCE_MS, startTarget, visit } from "./_target.ts";

Deno.test("An honest peer connects while thousands of strangers begin TLS without knowing the id", async () => {
  await using target = await startTarget();
  await using crowd = halfOpenTls(target);
  await crowd.gathered(2000);
  assert(await visit(target) < PATIENCE_MS);
  assertEquals([crowd.received, await target.asked(1)], [0, ["/"]]);
});

Deno.test("An honest peer connects while strangers who know the id leave TLS half open", async () => {
  await using target = await startTarget();
  await using crowd = halfOpenTlsWithId(target, { perSecond: 300 });
  await crowd.gathered(900);
  assert(await visit(target) < PATIENCE_MS);
  assertEquals(await target.asked(1), ["/"]);
});

Deno.test("Whoever does not know the id sees no certificate, which would name it", async () => {
  await using target = await startTarget();
  const stranger = new Stranger(target.port);
  await stranger.open;
  stranger.say(HALF_HELLO);
  await stranger.closed;
  assertEquals(stranger.received.length, 0);
});
