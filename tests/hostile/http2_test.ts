/** What HTTP/2 lets a peer do that HTTP/1.1 does not: heads in pieces without end, and requests that are taken back at once. */
import { assert, assertEquals } from "@std/assert";
import { concat, utf8 } from "../../lib/bytes.ts";
import { openTls } from "./_attacks.ts";
import { PATIENCE_MS, startTarget, visit } from "./_target.ts";

const FRAME = { headers: 1, reset: 3, settings: 4, continuation: 9 } as const;
const END_STREAM = 1;
const END_HEADERS = 4;

/** RFC 9113 section 4.1. */
function frame(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(9);
  new DataView(header.buffer).setUint32(0, payload.length << 8 | type);
  header[4] = flags;
  new DataView(header.buffer).setUint32(5, stream);
  return concat(header, payload);
}

const PREFACE = concat(
  utf8("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  frame(FRAME.settings, 0, 0, new Uint8Array()),
);
/** GET https://x/ in the static table of RFC 7541. */
const GET = concat(Uint8Array.of(0x82, 0x87, 0x84, 0x41, 1), utf8("x"));

/** Writes until the other side closes or `most` bytes have gone; gives how many were taken. */
async function pour(tls: Deno.TlsConn, next: () => Uint8Array, most: number): Promise<number> {
  let taken = 0;
  const drained = (async () => {
    const buffer = new Uint8Array(65536);
    while (await tls.read(buffer).catch(() => null) !== null);
  })();
  try {
    for (; taken < most;) taken += await tls.write(next());
  } catch { /* cut off */ }
  tls.close();
  await drained;
  return taken;
}

Deno.test("A head of HTTP/2 that goes on in pieces without end is cut off", async () => {
  await using target = await startTarget();
  const tls = await openTls(target, ["h2"]);
  await tls.write(concat(PREFACE, frame(FRAME.headers, END_STREAM, 1, GET)));
  const piece = concat(
    Uint8Array.of(0x00, 1),
    utf8("x"),
    Uint8Array.of(0x7f, 0xa1, 0x3e),
    new Uint8Array(8160),
  );
  const taken = await pour(tls, () => frame(FRAME.continuation, 0, 1, piece), 256 * 1024 ** 2);
  assert(taken < 64 * 1024 ** 2, `${taken} bytes`);
  assert(await visit(target) < PATIENCE_MS);
  assertEquals(await target.asked(1), ["/"]);
});

Deno.test("Requests of HTTP/2 that are taken back as soon as they are made end the connection", async () => {
  await using target = await startTarget();
  const tls = await openTls(target, ["h2"]);
  await tls.write(PREFACE);
  let stream = -1;
  const request = () => {
    stream += 2;
    const cancel = frame(FRAME.reset, 0, stream, Uint8Array.of(0, 0, 0, 8));
    return concat(frame(FRAME.headers, END_STREAM | END_HEADERS, stream, GET), cancel);
  };
  await pour(tls, request, 64 * 1024 ** 2);
  assert(stream < 500_000, `${stream / 2} requests`);
  assert(await visit(target) < PATIENCE_MS);
});
