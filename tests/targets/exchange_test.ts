import { assertEquals, assertRejects } from "@std/assert";
import type { TargetRequest } from "../../lib/targets/_attempt.ts";
import { Exchanger } from "../../lib/targets/_exchange.ts";
import { TargetFault } from "../../lib/targets/_fault.ts";
import { type Running, serveRaw } from "./_servers.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

function exchangerFor({ port }: Running): Exchanger {
  return new Exchanger({ hostname: "127.0.0.1", port });
}

function request(more: Partial<TargetRequest> = {}): TargetRequest {
  return {
    ...{ method: "GET", path: "/", headers: [["host", "x"]], body: null },
    ...{ signal: new AbortController().signal, headTimeoutMs: 10_000 },
    ...more,
  };
}

async function ask(exchanger: Exchanger, more: Partial<TargetRequest> = {}): Promise<string> {
  const { body } = await exchanger.exchange(request(more));
  return await new Response(await body()).text();
}

Deno.test("Exchanger keeps a connection for the next request, and opens another where it was closed", async () => {
  const seen: number[] = [];
  await using target = serveRaw(async (connection, nth) => {
    for (let n = 0; n < 2; n++) {
      await connection.until(/\r\n\r\n/);
      connection.text = "";
      seen.push(nth);
      await connection.write(OK);
    }
    await connection.until(/\r\n\r\n/); // the third request meets a connection that closes without an answer
  });
  using exchanger = exchangerFor(target);
  for (let n = 0; n < 4; n++) assertEquals(await ask(exchanger), "ok");
  assertEquals(seen, [0, 0, 1, 1]);
});

Deno.test("Exchanger does not take up a connection that has ended, or on which something came unasked", async () => {
  const seen: number[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  await using target = serveRaw(async (connection, nth) => {
    await connection.until(/\r\n\r\n/);
    seen.push(nth);
    await connection.write(nth === 0 ? `${OK}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlie!` : OK);
    if (nth === 1) end();
    else await connection.rest();
  });
  using exchanger = exchangerFor(target);
  assertEquals(await ask(exchanger), "ok");
  assertEquals(await ask(exchanger), "ok");
  await ended;
  assertEquals(await ask(exchanger), "ok");
  assertEquals(seen, [0, 1, 2]);
});

Deno.test("Exchanger uses no connection for two requests at a time", async () => {
  const { promise: both, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  await using target = serveRaw(async (connection, nth) => {
    for (;;) {
      await connection.until(/\r\n\r\n/);
      connection.text = "";
      if (++asked === 2) resolve();
      await both;
      await connection.write(`HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${nth}`);
    }
  });
  using exchanger = exchangerFor(target);
  assertEquals((await Promise.all([ask(exchanger), ask(exchanger)])).sort(), ["0", "1"]);
  assertEquals((await Promise.all([ask(exchanger), ask(exchanger)])).sort(), ["0", "1"]);
});

Deno.test("Exchanger never sends a request with a body twice", async () => {
  let heard = 0;
  await using target = serveRaw(async (connection) => {
    await connection.until(/\r\n\r\n/);
    heard++;
  });
  using exchanger = exchangerFor(target);
  for (const method of ["POST", "GET"]) {
    const body = method === "POST" ? new Blob(["x"]).stream() : null;
    await assertRejects(() => exchanger.exchange(request({ method, body })), Error, "closed");
  }
  assertEquals(heard, 2);
});

Deno.test("Exchanger gives what may change something a connection of its own", async () => {
  const seen: [nth: number, head: string][] = [];
  await using target = serveRaw(async (connection, nth) => {
    for (;;) {
      await connection.until(/\r\n\r\n/);
      seen.push([nth, connection.text.match(/connection: (\S+)/)![1]!]);
      connection.text = "";
      await connection.write(OK);
    }
  });
  using exchanger = exchangerFor(target);
  for (const method of ["GET", "DELETE", "GET"]) assertEquals(await ask(exchanger, { method }), "ok");
  assertEquals(seen, [[0, "keep-alive"], [1, "close"], [0, "keep-alive"]]);
});

Deno.test("Exchanger rejects when the answer does not begin in time, and when it is told to stop", async () => {
  await using target = serveRaw(async (connection) => void await connection.rest());
  using exchanger = exchangerFor(target);
  const fault = await assertRejects(
    () => ask(exchanger, { headTimeoutMs: 20 }),
    TargetFault,
    "within 0.02 s",
  );
  assertEquals(fault.code, "no-answer");
  const signal = AbortSignal.abort(new DOMException("gone", "AbortError"));
  await assertRejects(() => ask(exchanger, { signal }), DOMException, "gone");
});

Deno.test("Exchanger closes what is kept when it is disposed of, and what is under way once it is over", async () => {
  const ends: Promise<unknown>[] = [];
  const { promise: disposed, resolve: dispose } = Promise.withResolvers<void>();
  await using target = serveRaw(async (connection, nth) => {
    await connection.until(/\r\n\r\n/);
    await connection.write(nth === 1 ? OK : "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
    if (nth === 0) await disposed;
    if (nth === 0) await connection.write(" more");
    const { promise, resolve } = Promise.withResolvers<void>();
    ends.push(promise);
    await connection.rest();
    resolve();
  });
  const exchanger = exchangerFor(target);
  const { body } = await exchanger.exchange(request());
  const half = new Response(await body());
  assertEquals(await ask(exchanger), "ok");
  exchanger[Symbol.dispose]();
  exchanger[Symbol.dispose]();
  dispose();
  assertEquals(await half.text(), "half more");
  await Promise.all(ends);
  assertEquals(ends.length, 2);
});
