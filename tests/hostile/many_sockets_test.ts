/** One peer that opens as many WebSockets as it can, and another that wants one. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { openSocket } from "./_attacks.ts";
import { PATIENCE_MS, startTarget, visit } from "./_target.ts";

/** What one costs the serving process, the garbage of its beginning with it; `deno task bench many` has the figure. */
const MOST_BYTES_EACH = 400e3;

Deno.test("A peer that opens a thousand WebSockets gets 512, and others are served", async () => {
  await using target = await startTarget();
  await visit(target);
  const before = await target.residentBytes();
  const sockets: Deno.TlsConn[] = [];
  let refused = 0;
  const openSome = async () => {
    for (let i = 0; i < 100; i++) await openSocket(target).then((s) => sockets.push(s), () => refused++);
  };
  await Promise.all(Array.from({ length: 10 }, openSome));
  try {
    assertEquals([sockets.length, refused], [512, 488]);
    const each = (await target.residentBytes() - before) / 512;
    assert(each < MOST_BYTES_EACH, `${each} bytes each`);
    await assertRejects(() => openSocket(target));
    assert(await visit(target) < PATIENCE_MS);
    assertEquals((await target.asked(514)).length, 514);
  } finally {
    for (const socket of sockets) socket.close();
  }
});
