import { assertEquals, assertRejects } from "@std/assert";
import { EventEmitter } from "node:events";
import type { ClientRequest } from "node:http";
import { Exchanger } from "../../lib/targets/_exchange.ts";
import { sendBody } from "../../lib/targets/_send_body.ts";
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
  using exchanger = new Exchanger();
  const answer = await exchanger.exchange({
    ...{ hostname: "127.0.0.1", port: target.port, method: "POST", path: "/", headers: [["host", "x"]] },
    body: ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk))),
    length,
    signal: new AbortController().signal,
    headTimeoutMs: 10_000,
  });
  answer.discard();
  return await promise;
}

Deno.test("sendBody() sends a body as long as announced, or in chunks", async () => {
  assertEquals(await send(["ab", "c", "END"], 6), "abcEND");
  assertEquals(await send(["abc"], undefined), "3\r\nabc\r\n0\r\n\r\n");
});

Deno.test("sendBody() breaks a request off whose body is longer or shorter than announced", async () => {
  const smuggled = "GET /smuggled HTTP/1.1\r\n\r\n";
  await assertRejects(() => send(["abc", smuggled], 3), TypeError, "3 bytes were announced");
  await assertRejects(() => send(["abc"], 4), TypeError, "4 bytes were announced, current value is 3");
});

/** A request whose connection is full after each write. */
class FullRequest extends EventEmitter {
  readonly written: number[] = [];
  destroyed = false;
  ended = false;
  /** Resolves with each write. */
  onWrite: () => void = () => {};

  write(chunk: Uint8Array): boolean {
    this.written.push(chunk.length);
    this.onWrite();
    return false;
  }

  end() {
    this.ended = true;
  }

  nextWrite(): Promise<void> {
    return new Promise((resolve) => this.onWrite = resolve);
  }
}

Deno.test("sendBody() takes the next part of a body once the one before is on its way", async () => {
  const request = new FullRequest();
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (++pulled > 3) controller.close();
      else controller.enqueue(new Uint8Array(pulled));
    },
  }, { highWaterMark: 0 });
  const waits: boolean[] = [];
  let written = request.nextWrite();
  const sending = sendBody(request as unknown as ClientRequest, body, {
    length: 6,
    onWait: (waiting) => waits.push(waiting),
  });
  for (const size of [1, 2, 3]) {
    await written;
    assertEquals([request.written.at(-1), pulled, waits.at(-1)], [size, size, true]);
    written = request.nextWrite();
    request.emit("drain");
  }
  await sending;
  assertEquals([request.ended, request.written], [true, [1, 2, 3]]);
  assertEquals(request.eventNames(), []);
});

Deno.test("sendBody() lets go of a body when the target goes away while it is full", async () => {
  const request = new FullRequest();
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(8)),
    cancel: () => cancelled.resolve(),
  }, { highWaterMark: 0 });
  const written = request.nextWrite();
  const sending = sendBody(request as unknown as ClientRequest, body, { length: undefined, onWait() {} });
  await written;
  request.destroyed = true;
  request.emit("close");
  await Promise.all([sending, cancelled.promise]);
  assertEquals([request.ended, request.written], [false, [8]]);
});
