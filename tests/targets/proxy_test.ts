import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { proxyTarget } from "../../lib/targets/mod.ts";
import { front } from "./_front.ts";
import { RawConnection, serveHttp, serveRaw } from "./_servers.ts";

/** Tells what it was asked. */
async function mirror(request: Request): Promise<Response> {
  const { method, url, headers } = request;
  return Response.json({ method, url, headers: Object.fromEntries(headers), body: await request.text() });
}

Deno.test("proxyTarget() passes method, path, query, headers and body on, and the answer back", async () => {
  await using target = serveHttp(mirror);
  await using proxy = front(`${target.origin}/base/`);
  const response = await fetch(`${proxy.origin}/a%20b/c?d=e&f`, {
    method: "PUT",
    headers: { "x-colour": "red", "content-type": "text/x" },
    body: "hello",
  });
  const { method, url, headers, body } = await response.json();
  assertEquals([method, url, body], ["PUT", `${target.origin}/base/a%20b/c?d=e&f`, "hello"]);
  assertEquals([headers["x-colour"], headers["content-type"]], ["red", "text/x"]);
  assertEquals([headers.host, headers["content-length"]], [`127.0.0.1:${target.port}`, "5"]);
});

Deno.test("proxyTarget() tells the target who asked, and believes nothing of it from the peer", async () => {
  await using target = serveHttp(mirror);
  await using proxy = front(target.origin, {}, { remoteId: "the-proven-id" });
  using client = await RawConnection.open(
    proxy.port,
    "GET / HTTP/1.1\r\nhost: peer.skip.alt\r\nconnection: close, x-forwarded-for, x-mine\r\n" +
      "x-mine: 1\r\nx-forwarded-for: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nforwarded: for=6.6.6.6\r\n" +
      "x-real-ip: 6.6.6.6\r\nx-forwarded-port: 6\r\nx-forwarded-prefix: /6\r\nx-skip-remote-id: 6\r\n" +
      "keep-alive: 6\r\nte: trailers\r\nproxy-authorization: 6\r\nproxy-connection: 6\r\nupgrade: h2c\r\n" +
      "x-other: yes\r\n\r\n",
  );
  const { headers } = JSON.parse((await client.rest()).split("\r\n\r\n")[1]!);
  delete headers.connection; // that of the hop to the target
  assertEquals(headers, {
    "host": `127.0.0.1:${target.port}`,
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "peer.skip.alt",
    "x-skip-remote-id": "the-proven-id",
    "x-other": "yes",
  });
});

Deno.test("proxyTarget() passes several cookies, foreign letters and unusual statuses back", async () => {
  await using target = serveRaw(async (connection) => {
    await connection.until(/\r\n\r\n/);
    await connection.write(
      "HTTP/1.1 418 Teapot\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx-name: caf\xe9\r\nkeep-alive: 5\r\n" +
        "connection: close, x-hop\r\nx-hop: 1\r\ncontent-length: 2\r\n\r\nok",
    );
  });
  await using proxy = front(target.origin);
  const response = await fetch(proxy.origin);
  assertEquals([response.status, await response.text()], [418, "ok"]);
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assertEquals(response.headers.get("x-name"), "caf\xe9");
  for (const name of ["x-hop", "keep-alive"]) assertEquals(response.headers.get(name), null);
});

Deno.test("proxyTarget() leaves out what a target says before its answer and behind it", async () => {
  await using target = serveRaw(async (connection) => {
    await connection.until(/\r\n\r\n/);
    await connection.write(
      "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n" +
        "trailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n",
    );
  });
  await using proxy = front(target.origin);
  using client = await RawConnection.open(
    proxy.port,
    "GET / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
  );
  const text = await client.rest();
  assertMatch(text, /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nok$/);
  for (const word of ["102", "103", "link", "x-sum"]) assertEquals(text.includes(word), false, word);
});

Deno.test("proxyTarget() follows no redirect, and turns the target's own address into a path", async () => {
  const locations = ["https://example.com/x", "/login?a", "", "/app/x?y#z", "/elsewhere"];
  await using target = serveHttp((request) => {
    const nth = Number(new URL(request.url).searchParams.get("n"));
    const own = nth > 2 ? new URL(request.url).origin : "";
    return new Response(null, { status: 307, headers: { location: own + locations[nth] } });
  });
  await using proxy = front(`${target.origin}/app`);
  const seen = await Promise.all(locations.map(async (_, nth) => {
    const response = await fetch(`${proxy.origin}/?n=${nth}`, { redirect: "manual" });
    await response.body?.cancel();
    return [response.status, response.headers.get("location")];
  }));
  assertEquals(seen, [
    [307, "https://example.com/x"],
    [307, "/login?a"],
    [307, ""],
    [307, "/x?y#z"],
    [307, "/elsewhere"],
  ]);
});

Deno.test("proxyTarget() leaves encoded bodies as they are, byte by byte", async () => {
  const plain = new Blob(["hello ".repeat(1000)]).stream();
  const packed = await new Response(plain.pipeThrough(new CompressionStream("gzip"))).bytes();
  await using target = serveHttp((request) => {
    assertEquals(request.headers.get("accept-encoding"), "gzip;q=0.5, br");
    return new Response(packed, { headers: { "content-encoding": "gzip", etag: '"strong"' } });
  });
  await using proxy = front(target.origin);
  using client = await RawConnection.open(
    proxy.port,
    "GET / HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip;q=0.5, br\r\nconnection: close\r\n\r\n",
  );
  const [head, body] = (await client.rest()).split(/\r\n\r\n([^]*)/);
  assertMatch(head!, /content-encoding: gzip/i);
  assertMatch(head!, new RegExp(`content-length: ${packed.length}`, "i"));
  assertEquals(Uint8Array.from(body!, (c) => c.charCodeAt(0)), packed);
});

Deno.test("proxyTarget() answers HEAD, 204 and 304 with the target's headers and no body", async () => {
  await using target = serveHttp((request) => {
    const status = Number(new URL(request.url).pathname.slice(1));
    const length: Record<string, string> = request.method === "HEAD" ? { "content-length": "1234" } : {};
    return new Response(null, { status, headers: { etag: '"x"', ...length } });
  });
  await using proxy = front(target.origin);
  const head = await fetch(`${proxy.origin}/200`, { method: "HEAD" });
  assertEquals([head.headers.get("content-length"), await head.text()], ["1234", ""]);
  for (const status of [204, 304]) {
    const response = await fetch(`${proxy.origin}/${status}`);
    assertEquals([response.status, response.headers.get("etag")], [status, '"x"']);
    assertEquals(await response.text(), "");
  }
});

Deno.test("proxyTarget() refuses CONNECT and TRACE", async () => {
  await using proxy = front("http://127.0.0.1:1");
  for (const line of ["CONNECT a:1", "TRACE /"]) {
    using client = await RawConnection.open(
      proxy.port,
      `${line} HTTP/1.1\r\nhost: a:1\r\nconnection: close\r\n\r\n`,
    );
    assertMatch(await client.rest(), /^HTTP\/1.1 405 /);
  }
});

Deno.test("proxyTarget() speaks HTTP only", () => {
  for (const url of ["https://x/", "file:///x"]) {
    assertThrows(() => proxyTarget(url), TypeError, "Cannot proxy");
  }
});
