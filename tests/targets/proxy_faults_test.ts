/** What strangers send, and what large bodies cost. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { front } from "./_front.ts";
import { serveInProcess } from "./_server_process.ts";
import { drain, RawConnection, serveHttp } from "./_servers.ts";

const MB = 1024 * 1024;
const LARGE_BYTES = 500 * MB;
/** For buffers: what was passed on of an answer is freed at once. */
const MAX_ANSWER_GROWTH_BYTES = 128 * MB;
/** And for garbage that has not been collected yet: it does not depend on the length of the body. */
const MAX_UPLOAD_GROWTH_BYTES = 320 * MB;

/** `bytes` zeros, in chunks that are asked for: one and the same, which costs nothing. */
function zeros(bytes: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = bytes;
  const chunk = new Uint8Array(64 * 1024);
  return new ReadableStream({
    pull(controller) {
      const length = Math.min(left, 64 * 1024);
      left -= length;
      if (length === 0) controller.close();
      else controller.enqueue(chunk.subarray(0, length));
    },
  }, { highWaterMark: 0 });
}

/** Whatever each of these is taken for, the target must not see `/smuggled`. */
const SMUGGLERS: Record<string, string> = {
  "a length and chunks":
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n" +
    "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n",
  "chunks and a length":
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 60\r\n\r\n" +
    "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n",
  "two lengths": "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ncontent-length: 44\r\n\r\n" +
    "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n",
  "a list of lengths": "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0, 44\r\n\r\n" +
    "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n",
  "a space before the colon":
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\ncontent-length: 40\r\n\r\n" +
    "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n",
  "another spelling of chunked": "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n" +
    "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n",
  "a length with a sign": "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: +40\r\n\r\n" +
    "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n",
  "GET with a body that is a request": "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 37\r\n\r\n" +
    "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n\r\n",
  "a body that Connection disowns": "POST / HTTP/1.1\r\nhost: x\r\nconnection: content-length\r\n" +
    "content-length: 37\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n\r\n",
  "chunks of a method that seldom has a body": "DELETE / HTTP/1.1\r\nhost: x\r\n" +
    "transfer-encoding: chunked\r\n\r\n23\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n\r\n0\r\n\r\n",
  "a header in a header": "GET / HTTP/1.1\r\nhost: x\r\nx: a\rGET /smuggled HTTP/1.1\r\n\r\n",
  "a request in a path": "GET /%0d%0aGET%20/smuggled HTTP/1.1\r\nhost: x\r\n\r\n",
};

Deno.test("proxyTarget() never turns one request into two", async () => {
  for (const [name, text] of Object.entries(SMUGGLERS)) {
    const seen: string[] = [];
    await using target = serveHttp(async (request) => {
      seen.push(new URL(request.url).pathname);
      await request.body?.cancel();
      return new Response("ok");
    });
    await using proxy = front(target.origin);
    using client = await RawConnection.open(proxy.port, text);
    await client.until(/HTTP\/1.1 \d+[^]*\r\n\r\n/);
    // Another peer's request takes the same kept connection: it must get its own answer.
    assertEquals(await (await fetch(`${proxy.origin}/honest`)).text(), "ok");
    assertEquals(seen.includes("/smuggled"), false, name);
    assertEquals(seen.at(-1), "/honest", name);
  }
});

Deno.test("proxyTarget() never gets to see what the native server refuses: too long, too many, not HTTP", async () => {
  let asked = 0;
  await using target = serveHttp(() => new Response(`${asked++}`));
  await using proxy = front(target.origin);
  const bombs = [
    `GET / HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(MB)}\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: x\r\n${"a: b\r\n".repeat(100_000)}\r\n`,
    `GET /${"a".repeat(MB)} HTTP/1.1\r\nhost: x\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: x\r\n\0: x\r\n\r\n`,
  ];
  for (const text of bombs) {
    using client = await RawConnection.open(proxy.port, text).catch(() => undefined); // it may hang up while we talk
    const answer = await client?.rest() ?? "";
    assertMatch(answer, /^(HTTP\/1.1 4\d\d |$)/, text.slice(0, 40));
  }
  assertEquals(asked, 0);
});

Deno.test("proxyTarget() streams a large answer in flat memory", async () => {
  await using target = serveHttp(() => new Response(zeros(LARGE_BYTES)));
  await using proxy = await serveInProcess(`${target.port}`);
  let most = 0;
  const before = await proxy.memory();
  const bytes = await drain(proxy.port, "/", async () => void (most = Math.max(most, await proxy.memory())));
  assert(bytes > LARGE_BYTES, `${bytes}`); // and the lengths of the chunks
  assert(most - before < MAX_ANSWER_GROWTH_BYTES, `${most - before}`);
});

Deno.test("proxyTarget() streams a large upload in flat memory", async () => {
  let most = 0;
  await using target = serveHttp(async (request) => {
    let [bytes, chunks] = [0, 0];
    for await (const chunk of request.body!) {
      bytes += chunk.length;
      if (++chunks % 1000 === 0) most = Math.max(most, await proxy.memory());
    }
    return new Response(`${bytes}`);
  });
  await using proxy = await serveInProcess(`${target.port}`);
  const before = await proxy.memory();
  const response = await fetch(`http://127.0.0.1:${proxy.port}/`, {
    method: "POST",
    body: zeros(LARGE_BYTES),
  });
  assertEquals(await response.text(), `${LARGE_BYTES}`);
  assert(most > before && most - before < MAX_UPLOAD_GROWTH_BYTES, `${most - before}`);
});

Deno.test("proxyTarget() does not read ahead of a peer who does not read", async () => {
  let made = 0;
  const { promise: paused, resolve } = Promise.withResolvers<void>();
  let quiet: ReturnType<typeof setTimeout> | undefined;
  await using target = serveHttp(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          made += 64 * 1024;
          controller.enqueue(new Uint8Array(64 * 1024));
          clearTimeout(quiet);
          quiet = setTimeout(resolve, 500); // nobody has asked for more since
        },
        cancel: () => clearTimeout(quiet),
      }, { highWaterMark: 0 }),
    )
  );
  await using proxy = front(target.origin);
  using client = await RawConnection.open(proxy.port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await paused;
  assert(made < 40 * MB, `${made} bytes were made for nobody`); // what the system's own buffers take
  client.close();
});

/** Of this process, which other tests share. */
async function openFiles(): Promise<number> {
  if (Deno.build.os !== "linux") return 0;
  return (await Array.fromAsync(Deno.readDir("/proc/self/fd"))).length;
}

Deno.test("proxyTarget() takes many short connections and keeps none of them", async () => {
  await using target = serveHttp(() => new Response("ok"));
  await using proxy = front(target.origin);
  const open = await openFiles();
  for (let round = 0; round < 40; round++) {
    await Promise.all(Array.from({ length: 50 }, async () => {
      using client = await RawConnection.open(
        proxy.port,
        "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
      );
      assertMatch(await client.rest(), /ok$/);
    }));
  }
  assert(await openFiles() < open + 200, "connections were left open");
});
