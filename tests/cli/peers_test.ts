import { assertEquals, assertRejects } from "@std/assert";
import { Peers } from "../../cli/_peers.ts";
import type { Peer } from "../../mod.ts";

/** Peers that are nobody, and what was done with them. */
function peers({ idleMs = 60_000, fail = false } = {}) {
  const log: string[] = [];
  const firstClosed = Promise.withResolvers<string>();
  const close = (id: string) => {
    log.push(`close ${id}`);
    firstClosed.resolve(id);
    return Promise.resolve();
  };
  const dial = (id: string) => {
    log.push(`dial ${id}`);
    if (fail) return Promise.reject(new Error("nobody"));
    return Promise.resolve({ id, close: () => close(id) } as unknown as Peer);
  };
  return { log, firstClosed: firstClosed.promise, all: new Peers({ dial, idleMs, options: {} }) };
}

const idOf = (peer: Peer) => Promise.resolve(peer.id);

Deno.test("Peers dials each once for all who want it, and closes it at the end", async () => {
  const { log, all } = peers();
  assertEquals(await Promise.all(["a", "b", "a"].map((id) => all.use(id, idOf))), ["a", "b", "a"]);
  await all.use("a", idOf);
  assertEquals(log, ["dial a", "dial b"]);
  await all.close();
  await all.close();
  assertEquals(log.slice(2), ["close a", "close b"]);
  await assertRejects(() => all.use("a", idOf), DOMException, "closed");
});

Deno.test("Peers tries again after a failure", async () => {
  const { log, all } = peers({ fail: true });
  for (let i = 0; i < 2; i++) await assertRejects(() => all.use("a", idOf), Error, "nobody");
  assertEquals(log, ["dial a", "dial a"]);
  await all.close();
});

Deno.test("Peers closes one that nobody uses for some time, and none that is in use", async () => {
  const { log, firstClosed, all } = peers({ idleMs: 1 });
  const busy = Promise.withResolvers<void>();
  const using = all.use("busy", () => busy.promise);
  await all.use("idle", idOf);
  assertEquals(await firstClosed, "idle");
  assertEquals(log, ["dial busy", "dial idle", "close idle"]);
  busy.resolve();
  await using;
  await all.close();
});

Deno.test("Peers keeps 64, lets go of one that is idle, and says when all are in use", async () => {
  const { log, all } = peers();
  for (let i = 0; i < 65; i++) await all.use(`${i}`, idOf);
  assertEquals(log.filter((line) => line.startsWith("close")), ["close 0"]);
  const busy = Promise.withResolvers<void>();
  const using = Array.from({ length: 64 }, (_, i) => all.use(`${i + 1}`, () => busy.promise));
  await assertRejects(() => all.use("one more", idOf), Deno.errors.Busy);
  busy.resolve();
  await Promise.all(using);
  await all.close();
});
