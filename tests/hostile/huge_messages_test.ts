/** Frames, messages and heads without end, of a peer that is let in: it is cut off, and the others notice nothing. */
import { assert, assertEquals } from "@std/assert";
import { frameHeader, openSocket, openTls } from "./_attacks.ts";
import { PATIENCE_MS, startTarget, visit } from "./_target.ts";

const MIB = 1024 ** 2;
const CHUNK = new Uint8Array(MIB);

/** Says what `parts` gives until the other side has had enough; gives the bytes that it took. */
async function sayUntilCutOff(tls: Deno.TlsConn, parts: Iterable<Uint8Array>): Promise<number> {
  let taken = 0;
  try {
    for (const part of parts) {
      for (let at = 0; at < part.length;) at += await tls.write(part.subarray(at));
      taken += part.length;
    }
    await tls.read(new Uint8Array(1));
  } catch { /* cut off */ }
  tls.close();
  return taken;
}

function* forever(first: Uint8Array, next: Uint8Array): Iterable<Uint8Array> {
  yield first;
  for (;;) yield next;
}

Deno.test("A WebSocket frame of more than 64 MiB is refused at its header", async () => {
  await using target = await startTarget();
  const before = await target.residentBytes();
  const parts = forever(frameHeader(1024 ** 3, 0x82), CHUNK);
  const taken = await sayUntilCutOff(await openSocket(target), parts);
  assert(taken < 32 * MIB, `${taken} bytes`); // what was under way
  assert(await target.residentBytes() - before < 64 * MIB);
  assert(await visit(target) < PATIENCE_MS);
});

/** Has a peer say `parts` until it is cut off, which is to come in time; the serving process goes on. */
async function assertCutOff(parts: Iterable<Uint8Array>) {
  await using target = await startTarget();
  const socket = await openSocket(target);
  let most = 0;
  const look = async () => most = Math.max(most, await target.residentBytes());
  const watching = setInterval(() => void look(), 50);
  const taken = await sayUntilCutOff(socket, parts);
  clearInterval(watching);
  assert(taken < 1024 * MIB, `${taken / MIB} MiB`);
  assert(most < 1536 * MIB, `${most / MIB} MiB`);
  assert(await visit(target) < PATIENCE_MS);
}

Deno.test("A WebSocket message that never ends is cut off before it has filled the memory", async () => {
  function* fragments() {
    yield frameHeader(MIB, 0x02);
    for (;;) {
      yield CHUNK;
      yield frameHeader(MIB, 0x00);
    }
  }
  await assertCutOff(fragments());
});

Deno.test("A peer that is answered and never reads is cut off before it has filled the memory", async () => {
  function* messages() {
    for (;;) {
      yield frameHeader(MIB, 0x82);
      yield CHUNK;
    }
  }
  await assertCutOff(messages());
});

Deno.test("A head of HTTP/1.1 that never ends is cut off", async () => {
  await using target = await startTarget();
  const encoder = new TextEncoder();
  const first = encoder.encode("GET / HTTP/1.1\r\nhost: x\r\n");
  const parts = forever(first, encoder.encode(`x-more: ${"x".repeat(8000)}\r\n`));
  const taken = await sayUntilCutOff(await openTls(target), parts);
  assert(taken < 16 * MIB, `${taken} bytes`);
  assert(await visit(target) < PATIENCE_MS);
  assertEquals(await target.asked(1), ["/"]);
});
