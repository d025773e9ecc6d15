import { assertEquals, assertRejects } from "@std/assert";
import { Exchanger } from "../../lib/targets/_exchange.ts";
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
