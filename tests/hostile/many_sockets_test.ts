/** One peer that opens as many WebSockets as it can, and another that wants one. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { openTls, upgradeRequest } from "./_attacks.ts";
import { PATIENCE_MS, startTarget, type Target, visit } from "./_target.ts";

/** What one costs the serving process, the garbage of its beginning with it; `deno task bench many` has the figure. */
const MOST_BYTES_EACH = 400e3;

/** A WebSocket, open and silent. */
async function openSocket(target: Target): Promise<Deno.TlsConn> {
  const tls = await openTls(target);
  await tls.write(upgradeRequest());
  const answer = new Uint8Array(1024);
  const length = await tls.read(answer);
  const status = new TextDecoder().decode(answer.subarray(0, length ?? 0)).slice(0, 12);
  if (status === "HTTP/1.1 101") return tls;
  tls.close();
  throw new Error(`no WebSocket: ${status}`);
}

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
