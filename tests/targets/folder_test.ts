import { assert, assertEquals, assertMatch } from "@std/assert";
import { folderTarget, routes } from "../../lib/targets/mod.ts";
import { type TestFolder, testFolder } from "./_folder.ts";
import { serveInProcess } from "./_server_process.ts";
import { drain, RawConnection, type Running, serveHttp } from "./_servers.ts";

const MB = 1024 * 1024;

interface Served extends Running {
  readonly folder: TestFolder;
}

async function served(mount?: string): Promise<Served> {
  const folder = await testFolder();
  const target = folderTarget(folder.root);
  const all = mount === undefined ? target : routes([[mount, target]]);
  const server = serveHttp((request, info) => all(request, info));
  return {
    ...server,
    folder,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Status, some headers, and the body. */
async function get(url: string, headers: HeadersInit = {}, names: string[] = []): Promise<unknown[]> {
  const response = await fetch(url, { headers, redirect: "manual" });
  return [response.status, ...names.map((name) => response.headers.get(name)), await response.text()];
}

Deno.test("folderTarget() serves files with their type and validators", async () => {
  await using server = await served();
  const response = await fetch(`${server.origin}/hello.txt`);
  assertEquals([response.status, await response.text()], [200, "hello, world"]);
  const { headers } = response;
  assertEquals(headers.get("content-type"), "text/plain; charset=UTF-8");
  assertEquals([headers.get("content-length"), headers.get("accept-ranges")], ["12", "bytes"]);
  assertEquals(headers.get("x-content-type-options"), "nosniff");
  assertMatch(headers.get("etag")!, /^"[0-9a-f]+-c"$/);
  const { mtime } = await Deno.stat(`${server.folder.root}/hello.txt`);
  assertEquals(Date.parse(headers.get("last-modified")!), Math.floor(mtime!.getTime() / 1000) * 1000);
  assertEquals(await get(`${server.origin}/empty.txt`, {}, ["content-length"]), [200, "0", ""]);
});

Deno.test("folderTarget() serves index.html or else a listing, and redirects to the slash", async () => {
  await using server = await served();
  assertEquals(await get(`${server.origin}/site/`), [200, "<h1>index"]);
  assertEquals(await get(`${server.origin}/site?a=b`, {}, ["location"]), [307, "./site/?a=b", ""]);
  const [status, type, page] = await get(`${server.origin}/sub/`, {}, ["content-type"]);
  assertEquals([status, type], [200, "text/html; charset=utf-8"]);
  assertMatch(page as string, /href="\.\/page.html"/);
  assertEquals((await get(`${server.origin}/hello.txt/`))[0], 404);
});

Deno.test("folderTarget() below a path: links and redirects lead to the right place", async () => {
  await using server = await served("/files");
  const toTop = await fetch(`${server.origin}/files`);
  assertEquals(toTop.url, `${server.origin}/files/`);
  assertMatch(await toTop.text(), /<h1>\/files\/<\/h1>[^]*href="\.\/hello.txt"/);
  const toSite = await fetch(`${server.origin}/files/site`);
  assertEquals([toSite.url, await toSite.text()], [`${server.origin}/files/site/`, "<h1>index"]);
  assertEquals(await get(`${server.origin}/files/hello.txt`), [200, "hello, world"]);
  assertEquals((await get(`${server.origin}/hello.txt`))[0], 404);
});

Deno.test("folderTarget() answers HEAD as GET, without the body", async () => {
  await using server = await served();
  for (const path of ["/hello.txt", "/sub/", "/site/"]) {
    const [get, head] = await Promise.all(
      ["GET", "HEAD"].map((method) => fetch(`${server.origin}${path}`, { method })),
    );
    await get!.body?.cancel();
    assertEquals([head!.status, await head!.text()], [200, ""]);
    for (const name of ["content-type", "etag"]) {
      assertEquals(head!.headers.get(name), get!.headers.get(name));
    }
  }
});

Deno.test("folderTarget() answers other methods with 405", async () => {
  await using server = await served();
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const response = await fetch(`${server.origin}/hello.txt`, { method });
    await response.body?.cancel();
    assertEquals([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
  }
});

Deno.test("folderTarget() sends ranges: one, several, none that fits, and those that it ignores", async () => {
  await using server = await served();
  const url = `${server.origin}/hello.txt`;
  const range = (text: string) => get(url, { range: text }, ["content-range", "content-length"]);
  assertEquals(await range("bytes=0-4"), [206, "bytes 0-4/12", "5", "hello"]);
  assertEquals(await range("bytes=-5"), [206, "bytes 7-11/12", "5", "world"]);
  assertEquals(await range("bytes=7-99"), [206, "bytes 7-11/12", "5", "world"]);
  assertEquals(await range("bytes=12-"), [416, "bytes */12", "0", ""]);
  for (const ignored of ["bytes=5-2", "lines=1-2", "bytes=0-9,5-11"]) {
    assertEquals(await range(ignored), [200, null, "12", "hello, world"], ignored);
  }
  const response = await fetch(url, { headers: { range: "bytes=0-1, 7-8" } });
  const [, boundary] = response.headers.get("content-type")!.match(/^multipart\/byteranges; boundary=(.+)$/)!;
  const text = await response.text();
  assertEquals([response.status, response.headers.get("content-length")], [206, `${text.length}`]);
  const parts = text.split(`\r\n--${boundary}`);
  assertEquals(parts.map((part) => part.split("\r\n\r\n")[1]), [undefined, "he", "wo", undefined]);
  assertMatch(parts[2]!, /^\r\ncontent-type: text\/plain; charset=UTF-8\r\ncontent-range: bytes 7-8\/12\r\n/);
  assertEquals(parts[3], "--\r\n");
});

Deno.test("folderTarget() answers conditional requests, and gives a range of the same file only", async () => {
  await using server = await served();
  const url = `${server.origin}/hello.txt`;
  const first = await fetch(url);
  await first.body?.cancel();
  const etag = first.headers.get("etag")!;
  assertEquals(await get(url, { "if-none-match": etag }, ["etag"]), [304, etag, ""]);
  assertEquals(await get(url, { "if-modified-since": first.headers.get("last-modified")! }), [304, ""]);
  assertEquals(await get(url, { "if-match": '"other"' }), [412, ""]);
  const part = { range: "bytes=0-4" };
  assertEquals(await get(url, { ...part, "if-range": etag }), [206, "hello"]);
  await Deno.utime(`${server.folder.root}/hello.txt`, 1e9, 1e9);
  assertEquals(await get(url, { ...part, "if-range": etag }), [200, "hello, world"]);
  assertEquals(await get(url, { "if-none-match": etag }), [200, "hello, world"]);
});

Deno.test("folderTarget() lets nobody out of the folder, by whatever spelling", async () => {
  await using server = await served();
  const paths = [
    "/../secret.txt",
    "/sub/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/..\\secret.txt",
    "/%2e%2e%5c%2e%2e/secret.txt",
    "/out.txt",
    "/out/secret.txt",
    "/neighbour/secret.txt",
    "/.env",
    "/hidden.txt",
    "/sub/.git/config",
    "/hello.txt%00.png",
    "//etc/passwd",
    "/%2fetc/passwd",
    "/%ff",
  ];
  for (const path of paths) { // as bytes: fetch would tidy the path up
    using client = await RawConnection.open(
      server.port,
      `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
    );
    const text = await client.rest();
    assertMatch(text, /^HTTP\/1.1 4\d\d /, path);
    assert(!/secret=|secret$/i.test(text), path);
  }
});

Deno.test("folderTarget() waits for nobody to write into a pipe", async () => {
  await using server = await served();
  const { success } = await new Deno.Command("mkfifo", { args: [`${server.folder.root}/pipe`] }).output();
  assert(success);
  assertEquals((await get(`${server.origin}/pipe`))[0], 404);
});

Deno.test("folderTarget() streams large files in flat memory", async () => {
  await using folder = await testFolder();
  const size = 500 * MB;
  await folder.write("large", "");
  await Deno.truncate(`${folder.root}/large`, size); // a hole, which takes no room
  await using server = await serveInProcess(folder.root);
  let most = 0;
  const before = await server.memory();
  const bytes = await drain(
    server.port,
    "/large",
    async () => void (most = Math.max(most, await server.memory())),
  );
  assert(bytes > size && bytes < size + 1000, `${bytes}`);
  assert(most > 0 && most - before < 200 * MB, `${most - before}`);
});

Deno.test("folderTarget() closes a file that nobody reads to its end", async () => {
  await using server = await served();
  await server.folder.write("large", new Uint8Array(50 * MB));
  await (await fetch(`${server.origin}/large`)).body!.cancel(); // a file that stayed open would be a leak of this test
  const part = await fetch(`${server.origin}/large`, { headers: { range: `bytes=${50 * MB - 2}-` } });
  assertEquals((await part.bytes()).length, 2);
});
