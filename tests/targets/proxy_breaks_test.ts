/** Targets that are not there, too slow, or not HTTP, and exchanges that either side breaks off. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { freePort } from "../free_port.ts";
import { front } from "./_front.ts";
import { RawConnection, serveHttp, serveRaw } from "./_servers.ts";

const MB = 1024 * 1024;

Deno.test("proxyTarget() answers 502 while the target does not listen, and works once it does", async () => {
  const port = freePort();
  await using proxy = front(`http://127.0.0.1:${port}`);
  const response = await fetch(proxy.origin);
  assertEquals([response.status, response.headers.get("content-type")], [502, "text/plain; charset=utf-8"]);
  const page = await response.text();
  assertMatch(page, /not running/);
  assert(!page.includes(`${port}`), "what is behind the peer is nobody's business");
  assertEquals([proxy.faults[0]!.code, proxy.faults[0]!.message], [
    "not-listening",
    `127.0.0.1:${port} does not listen`,
  ]);
  for (let run = 0; run < 2; run++) { // the second time over a kept connection that was closed
    await using _target = serveHttp(() => new Response("here"), port);
    assertEquals(await (await fetch(proxy.origin)).text(), "here");
  }
  const gone = await fetch(proxy.origin);
  assertEquals([gone.status, await gone.text()], [502, page]);
});

Deno.test("proxyTarget() answers 504 when the answer does not begin in time", async () => {
  await using target = serveRaw(async (connection) => void await connection.rest());
  await using proxy = front(target.origin, { headTimeoutMs: 50 });
  for (const init of [{}, { method: "POST", body: "x" }]) {
    const response = await fetch(proxy.origin, init);
    assertEquals(response.status, 504);
    assertMatch(await response.text(), /does not answer in time/);
  }
  assertEquals(proxy.faults.map(({ code }) => code), ["no-answer", "no-answer"]);
});

Deno.test("proxyTarget() does not count the time that the peer takes to send its body", async () => {
  await using target = serveHttp(async (request) => new Response(await request.text()));
  await using proxy = front(target.origin, { headTimeoutMs: 200 });
  using client = await RawConnection.open(
    proxy.port,
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nconnection: close\r\n\r\nab",
  );
  await new Promise((resolve) => setTimeout(resolve, 300)); // longer than the target may take
  await client.write("cd");
  assertMatch(await client.rest(), /^HTTP\/1.1 200 .*\r\n\r\nabcd$/s);
});

Deno.test("proxyTarget() answers 502 to what is no HTTP, is too long, or ends before its head does", async () => {
  const answers: [text: string, code: string][] = [
    ["SSH-2.0-OpenSSH_9.9\r\n\r\n", "bad-answer"],
    [`HTTP/1.1 200 OK\r\nx: ${"a".repeat(MB)}\r\n\r\n`, "bad-answer"],
    [`HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(50_000)}\r\n`, "bad-answer"],
    [
      "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "bad-answer",
    ],
    ["HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc", "bad-answer"],
    ["HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", "bad-answer"],
    ["HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n", "bad-answer"],
    ["HTTP/1.1 200 OK\r\ncontent-le", "broken"],
    ["", "broken"],
  ];
  await using target = serveRaw(async (connection, nth) => {
    await connection.until(/\r\n\r\n/);
    await connection.write(answers[nth]![0]);
  });
  await using proxy = front(target.origin);
  for (const [text, code] of answers) {
    const response = await fetch(proxy.origin, { method: "POST" });
    await response.body?.cancel();
    assertEquals([response.status, proxy.faults.at(-1)!.code], [502, code], text.slice(0, 60));
  }
});

Deno.test("proxyTarget() breaks its answer off when the target breaks off in the middle of a body", async () => {
  const heads = ["content-length: 10", "transfer-encoding: chunked"];
  const begun = heads.map(() => Promise.withResolvers<void>());
  await using target = serveRaw(async (connection, nth) => {
    await connection.until(/\r\n\r\n/);
    await connection.write(`HTTP/1.1 200 OK\r\n${heads[nth]}\r\n\r\n${nth === 1 ? "3\r\nabc\r\n" : "abc"}`);
    await begun[nth]!.promise;
  });
  await using proxy = front(target.origin);
  for (const [nth, head] of heads.entries()) {
    const response = await fetch(proxy.origin, { method: "POST" });
    assertEquals(response.status, 200);
    begun[nth]!.resolve();
    await assertRejects(() => response.text(), Error, undefined, head);
  }
});

Deno.test("proxyTarget() stops asking the target when the peer has gone", async () => {
  const { promise: noticed, resolve } = Promise.withResolvers<void>();
  await using target = serveRaw(async (connection) => {
    await connection.until(/\r\n\r\n/);
    await connection.write("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nabc");
    await connection.rest();
    resolve();
  });
  await using proxy = front(target.origin);
  using client = await RawConnection.open(proxy.port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await client.until(/abc/);
  client.close();
  await noticed;
});

Deno.test("proxyTarget() stops asking the target when the peer has gone before the answer", async () => {
  const gone = new AbortController();
  const { promise: noticed, resolve } = Promise.withResolvers<void>();
  await using target = serveRaw(async (connection) => {
    await connection.until(/\r\n\r\n/);
    gone.abort(new DOMException("gone", "AbortError"));
    await connection.rest();
    resolve();
  });
  await using proxy = front(target.origin, {}, { disconnected: gone.signal });
  await (await fetch(proxy.origin)).body?.cancel();
  await noticed;
});

Deno.test("proxyTarget() breaks a request off at the target when the peer breaks it off", async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: seen, resolve } = Promise.withResolvers<string>();
  await using target = serveRaw(async (connection) => {
    await connection.until(/abc/);
    begin();
    resolve(await connection.rest());
  });
  await using proxy = front(target.origin);
  using client = await RawConnection.open(
    proxy.port,
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
  );
  await begun;
  client.close();
  const text = await seen;
  assertMatch(text, /abc/);
  assert(!text.endsWith("0\r\n\r\n"), "a body that was broken off must not look whole");
});

Deno.test("proxyTarget() hands an answer over that comes before the request's body has", async () => {
  await using target = serveRaw(async (connection) => {
    await connection.until(/\r\n\r\n/);
    await connection.write("HTTP/1.1 413 Too Large\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbig!");
  });
  await using proxy = front(target.origin);
  using client = await RawConnection.open(
    proxy.port,
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nabc",
  );
  assertMatch(await client.until(/big!/), /^HTTP\/1.1 413 /);
});
