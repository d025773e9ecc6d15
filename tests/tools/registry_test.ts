import { assert, assertEquals, assertRejects } from "@std/assert";
import { jsrReachable, replaceFile } from "../../tools/registry.ts";

/** A folder to remember answers in. */
async function makeCache(): Promise<{ cache: URL } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "skip-cache-" });
  return {
    cache: new URL(`file://${path}/`),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** A registry whose answer the test chooses, and the number of requests it got. */
function fakeRegistry(status: number) {
  const seen = { requests: 0 };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    seen.requests++;
    return new Response("{}", { status });
  });
  return {
    seen,
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function ask(url: string, cache: URL, basis: unknown = "imports") {
  let isNew = false;
  const onNew = () => {
    isNew = true;
    return Promise.resolve();
  };
  return { reachable: await jsrReachable({ url, cache, basis, onNew }), isNew };
}

Deno.test("jsrReachable() asks the registry once, and again for other imports", async () => {
  await using registry = fakeRegistry(200);
  const { url, seen } = registry;
  await using folder = await makeCache();
  assertEquals(await ask(url, folder.cache), { reachable: true, isNew: true });
  assertEquals(await ask(url, folder.cache), { reachable: true, isNew: false });
  assertEquals(seen.requests, 1);
  assertEquals(await ask(url, folder.cache, "other imports"), { reachable: true, isNew: true });
  assertEquals(seen.requests, 2);
});

Deno.test("jsrReachable() is false where the registry answers with an error", async () => {
  await using registry = fakeRegistry(403);
  await using folder = await makeCache();
  assertEquals(await ask(registry.url, folder.cache), { reachable: false, isNew: true });
  assertEquals(await ask(registry.url, folder.cache), { reachable: false, isNew: false });
  assertEquals(registry.seen.requests, 1);
});

Deno.test("jsrReachable() is false where nobody listens", async () => {
  const { url, [Symbol.asyncDispose]: stop } = fakeRegistry(200);
  await stop();
  await using folder = await makeCache();
  assertEquals(await ask(url, folder.cache), { reachable: false, isNew: true });
});

Deno.test("jsrReachable() gives up on a silent registry after a second", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using folder = await makeCache();
  const accepted = silent.accept();
  const start = performance.now();
  assertEquals((await ask(`http://127.0.0.1:${silent.addr.port}/`, folder.cache)).reachable, false);
  assert(performance.now() - start < 5_000, "waited for more than the probe's time-out");
  (await accepted).close();
});

Deno.test("jsrReachable() remembers nothing when preparing for the answer failed", async () => {
  await using registry = fakeRegistry(200);
  const { url } = registry;
  await using folder = await makeCache();
  const onNew = () => Promise.reject(new Error("no disk"));
  await assertRejects(
    () => jsrReachable({ url, cache: folder.cache, basis: "imports", onNew }),
    Error,
    "no disk",
  );
  assertEquals(await ask(url, folder.cache), { reachable: true, isNew: true });
});

Deno.test("replaceFile() leaves a file alone that has the text already", async () => {
  await using folder = await makeCache();
  const file = new URL("a folder/file", folder.cache);
  await replaceFile(file, "one");
  const { ino } = await Deno.stat(file);
  await replaceFile(file, "one");
  assertEquals([await Deno.readTextFile(file), (await Deno.stat(file)).ino], ["one", ino]);
  await replaceFile(file, "two");
  assertEquals(await Deno.readTextFile(file), "two");
});
