import { assertEquals, assertRejects } from "@std/assert";
import { Exchanger } from "../../lib/targets/_exchange.ts";
import { RequestBody } from "../../lib/targets/_request_body.ts";
import { serveRaw } from "./_servers.ts";

/** Sends `chunks`, announced as `length` bytes; gives what the target heard. */
async function send(chunks: readonly string[], length: number | undefined): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  await using target = serveRaw(async (connection) => {
    await connection.until(/END|\r\n\r\n[^]*\r\n\r\n/).catch(() => {});
    await connection.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").catch(
      () => {},
    );
    resolve(connection.text.split(/\r\n\r\n(.*)/s)[1]!);
  });
  using exchanger = new Exchanger({ hostname: "127.0.0.1", port: target.port });
  const answer = await exchanger.exchange({
    ...{ method: "POST", path: "/", headers: [["host", "x"]] },
    body: ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk))),
    length,
    signal: new AbortController().signal,
    headTimeoutMs: 10_000,
  });
  answer.discard();
  return await promise;
}

Deno.test("RequestBody sends a body as long as announced, or in chunks", async () => {
  assertEquals(await send(["ab", "c", "END"], 6), "abcEND");
  assertEquals(await send(["abc"], undefined), "3\r\nabc\r\n0\r\n\r\n");
});

Deno.test("RequestBody breaks a request off whose body is longer or shorter than announced", async () => {
  const smuggled = "GET /smuggled HTTP/1.1\r\n\r\n";
  await assertRejects(() => send(["abc", smuggled], 3), TypeError, "3 bytes were announced");
  await assertRejects(() => send(["abc"], 4), TypeError, "4 bytes were announced, current value is 3");
});

/** A body that counts how often it is asked for more. */
function counting(sizes: readonly number[]) {
  const state = { pulled: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const size = sizes[state.pulled++];
      if (size === undefined) controller.close();
      else controller.enqueue(new Uint8Array(size));
    },
    cancel: () => void (state.cancelled = true),
  }, { highWaterMark: 0 });
  return { state, stream };
}

Deno.test("RequestBody takes the next part of a body once the one before is on its way", async () => {
  const { state, stream } = counting([1, 2, 3]);
  const waits: boolean[] = [];
  const body = new RequestBody(stream, { length: 6, onWait: (waiting) => waits.push(waiting) });
  const sizes: number[] = [];
  for await (const { length } of body.parts()) {
    sizes.push(length);
    assertEquals([state.pulled, waits.at(-1)], [sizes.length, true]);
  }
  assertEquals([sizes, waits.at(-1)], [[1, 2, 3], true]);
});

Deno.test("RequestBody lets go of a body when the target goes away, also while it waits for more", async () => {
  const { state, stream } = counting([8]);
  const body = new RequestBody(stream, { length: undefined, onWait() {} });
  const parts = body.parts();
  assertEquals((await parts.next()).value?.length, 8);
  body.cancel();
  assertEquals([(await parts.next()).done, state.cancelled], [true, true]);
  body.cancel();
});
