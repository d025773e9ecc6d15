import { assertEquals, assertRejects } from "@std/assert";
import { askOverHttp } from "../../../lib/candidates/port_mapping/_http.ts";

const signal = new AbortController().signal;

function serving(handler: Deno.ServeHandler) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  const url = new URL(`http://127.0.0.1:${server.addr.port}/a?b`);
  return { url, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("askOverHttp() gets, and posts with headers", async () => {
  await using router = serving(async (request) => {
    const { pathname, search } = new URL(request.url);
    return new Response(
      `${request.method} ${pathname}${search} ${request.headers.get("x")} ${await request.text()}`,
    );
  });
  assertEquals(await askOverHttp(router.url, { signal }), { status: 200, text: "GET /a?b null " });
  const post = { body: "grüße", headers: { X: "1" }, signal };
  assertEquals(await askOverHttp(router.url, post), { status: 200, text: "POST /a?b 1 grüße" });
});

Deno.test("askOverHttp() follows nobody elsewhere, and takes no more than 64 KiB", async () => {
  await using router = serving(({ url }) =>
    url.endsWith("b")
      ? new Response("x".repeat(65_537))
      : new Response(null, { status: 302, headers: { location: "http://203.0.113.9/" } })
  );
  assertEquals(await askOverHttp(router.url, { signal }), null);
  assertEquals((await askOverHttp(new URL("/", router.url), { signal }))?.status, 302);
});

Deno.test("askOverHttp() gives null where nobody listens, and rejects with the signal's reason", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = new URL(`http://127.0.0.1:${listener.addr.port}/`);
  listener.close();
  assertEquals(await askOverHttp(url, { signal }), null);
  const aborted = AbortSignal.abort(new Error("closed"));
  await assertRejects(() => askOverHttp(url, { signal: aborted }), Error, "closed");
});
