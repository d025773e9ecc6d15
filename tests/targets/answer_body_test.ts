import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { type AnswerBody, AnswerReader } from "../../lib/targets/_answer_body.ts";
import { Exchanger } from "../../lib/targets/_exchange.ts";
import { type RawConnection, serveRaw } from "./_servers.ts";

const KB = 1024;

/** Has a server answer by a script, and gives the body as soon as there is one. */
async function bodyOf(
  script: (connection: RawConnection) => Promise<void>,
  use: (body: AnswerBody) => Promise<void>,
) {
  await using target = serveRaw(async (connection) => {
    await connection.until(/\r\n\r\n/);
    await script(connection);
  });
  using exchanger = new Exchanger({ hostname: "127.0.0.1", port: target.port });
  const answer = await exchanger.exchange({
    ...{ method: "GET", path: "/", headers: [["host", "x"]], body: null },
    ...{ signal: new AbortController().signal, headTimeoutMs: 10_000 },
  });
  await use(await answer.body());
}

Deno.test("AnswerReader gives a small body as a whole, whether or not its length was announced", async () => {
  const heads = [
    "content-length: 5\r\n\r\nhello",
    "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  ];
  for (const head of heads) {
    await bodyOf((connection) => connection.write(`HTTP/1.1 200 OK\r\n${head}`), async (body) => {
      assertInstanceOf(body, Uint8Array);
      assertEquals(await new Response(body).text(), "hello");
    });
  }
});

Deno.test("AnswerReader does not wait for the rest of a body that does not come at once", async () => {
  const { promise: seen, resolve: see } = Promise.withResolvers<void>();
  await bodyOf(async (connection) => {
    await connection.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfirst");
    await seen;
    await connection.write("last");
  }, async (body) => {
    assertInstanceOf(body, ReadableStream);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await reader.read()).value, "first");
    see();
    assertEquals([(await reader.read()).value, (await reader.read()).done], ["last", true]);
  });
});

Deno.test("AnswerReader streams what is large, and reads no further ahead than it has to", async () => {
  const total = 64 * KB * KB;
  let written = 0;
  await bodyOf(async (connection) => {
    await connection.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
    for (; written < total; written += 64 * KB) await connection.write("x".repeat(64 * KB));
  }, async (body) => {
    assertInstanceOf(body, ReadableStream);
    let read = 0;
    for await (const chunk of body) {
      read += chunk.length;
      assertEquals(written - read < total / 2, true, `${written} were written while ${read} were read`);
    }
    assertEquals(read, total);
  });
});

Deno.test("AnswerReader gives out all that came before the target broke off, and then an error", async () => {
  const { promise: seen, resolve: see } = Promise.withResolvers<void>();
  await bodyOf(async (connection) => {
    await connection.write(`HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc`);
    await seen;
  }, async (body) => {
    assertInstanceOf(body, ReadableStream);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await reader.read()).value, "abc");
    see();
    await assertRejects(() => reader.read());
  });
});

Deno.test("AnswerReader never takes what breaks off at once for a whole body", async () => {
  for (const length of [10, 100_000]) {
    const text = `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\nabc`;
    const use = async (body: AnswerBody) => void await new Response(body).bytes();
    await assertRejects(() => bodyOf((connection) => connection.write(text), use));
  }
});

Deno.test("AnswerReader frees a chunk when the next one is asked for, if the native server reads it, and never else", async () => {
  for (const isServed of [true, false]) {
    const flow = { pause() {}, resume() {} };
    const reader = new AnswerReader({ length: 300 * KB, flow, onCancel() {} });
    const [first, second] = [new Uint8Array(100 * KB), new Uint8Array(200 * KB)];
    const parts = [first, second.subarray(0, 100 * KB), second.subarray(100 * KB)];
    for (const part of parts) reader.add(part);
    reader.end();
    const lengths: number[][] = [];
    for await (const _ of await reader.body({ isServed }) as ReadableStream<Uint8Array>) {
      lengths.push(parts.map(({ length }) => length / KB));
    }
    lengths.push(parts.map(({ length }) => length / KB));
    const whole = [100, 100, 100];
    assertEquals(lengths, isServed ? [whole, [0, 100, 100], [0, 100, 100], [0, 0, 0]] : Array(4).fill(whole));
  }
});
