import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { generateIdentity } from "../../mod.ts";
import { readAll } from "../_streams.ts";
import { missingProgram, testsNeeding } from "../needing.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { events, Skip, skip, type SkipOptions } from "./_skip.ts";
import { serveThere, type There } from "./_there.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const hello: Deno.ServeHandler = async (request) => {
  const { pathname, host } = new URL(request.url);
  return new Response(`${request.method} ${pathname} at ${host}: ${await request.text()}`);
};

/** `skip proxy`, once it listens, and where. */
async function proxy(
  bootstrap: There["bootstrap"] | readonly ["--bootstrap", "none"],
  { args = [], ...options }: SkipOptions & { args?: string[] } = {},
) {
  const flags = ["--port", "0", ...args, ...bootstrap, "--no-stun", "--no-map"];
  const command = await Skip.start(["proxy", ...flags], options);
  const [, address, port] = await command.stdout.until(/^(?:.*"address":")?(127\.0\.0\.1:(\d+))/m);
  return Object.assign(command, {
    address: address!,
    connect: () => Deno.connect({ hostname: "127.0.0.1", port: Number(port) }),
  });
}

/** Sends bytes and gives all that is answered until the proxy ends the connection. */
async function exchange(
  here: { connect(): Promise<Deno.TcpConn> },
  sent: string | Uint8Array,
): Promise<Uint8Array> {
  using conn = await here.connect();
  await conn.write(typeof sent === "string" ? utf8(sent) : sent);
  return await readAll(conn);
}

/** SOCKS5 without a login, up to the request for a name. */
function socks(hostname: string, port: number): Uint8Array {
  return Uint8Array.of(5, 1, 0, 5, 1, 0, 3, hostname.length, ...utf8(hostname), port >> 8, port & 255);
}

async function curl(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command("curl", {
    args: ["--silent", "--show-error", "--max-time", "30", "--noproxy", "", ...args],
  }).output();
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

const curlTest = testsNeeding("with curl", missingProgram("curl"));

curlTest(
  "curl reaches http://ID.skip.alt/ through skip proxy: SOCKS5, HTTP, and a tunnel of CONNECT",
  async () => {
    await using there = await serveThere(hello);
    await using here = await proxy(there.bootstrap);
    const host = `${there.id}.skip.alt`;
    const url = `http://${host}/news`;
    for (const flags of [["--proxy", `socks5h://${here.address}`], ["--proxy", `http://${here.address}`]]) {
      for (const more of [[], ["--proxytunnel"]]) {
        const said = await curl(...flags, ...more, "--data", "body", url);
        assertEquals(said.stdout, `POST /news at ${host}: body`, said.stderr);
      }
    }
    const big = await curl("--proxy", `socks5h://${here.address}`, "--data", "x".repeat(100_000), url, url);
    assertEquals(big.stdout.length, 2 * `POST /news at ${host}: `.length + 200_000);
  },
);

curlTest("port 443 is the peer's own TLS, which the client has to know by itself", async () => {
  await using there = await serveThere(hello);
  await using here = await proxy(there.bootstrap);
  const url = `https://${there.id}.skip.alt/`;
  for (const scheme of ["socks5h", "http"]) {
    const trusting = await curl("--proxy", `${scheme}://${here.address}`, "--insecure", url);
    assertEquals(trusting.stdout, `GET / at ${there.id}.skip.alt: `, trusting.stderr);
    assert((await curl("--proxy", `${scheme}://${here.address}`, url)).code !== 0);
  }
});

Deno.test("skip proxy leads to a peer by its petname, also by one that was given while it runs", async () => {
  await using home = await temporaryFolder();
  await using there = await serveThere(hello);
  await using here = await proxy(there.bootstrap, { home: home.path });
  const ask = async () =>
    text(await exchange(here, "GET http://Home.skip.alt/news HTTP/1.1\r\nHost: x\r\n\r\n"));
  assertMatch(await ask(), /^HTTP\/1\.1 403 [^]*no peer with the name "home"/);
  assertEquals((await skip(["name", "add", "home", there.id], { home: home.path })).code, 0);
  assertMatch(await ask(), /^HTTP\/1\.1 200 [^]*GET \/news at home\.skip\.alt: $/);
  const answer = [...await exchange(here, socks("nobody.skip.alt", 80))].slice(0, 4);
  assertEquals(answer, [5, 0, 5, 2]); // not allowed
});

Deno.test("skip proxy shows the name of a host as text, whoever asks for it", async () => {
  await using here = await proxy(["--bootstrap", "none"]);
  await exchange(here, socks("\x1b]0;owned\x07\nthe peer is back.skip.alt", 80));
  await here.stderr.until(
    /^\\x1b\]0;owned\\x07\\x0athe peer is back\.skip\.alt: This proxy does not lead there/m,
  );
});

Deno.test("skip status shows a proxy, which is for every peer", async () => {
  await using home = await temporaryFolder();
  await using here = await proxy(["--bootstrap", "none"], { home: home.path });
  const { stdout } = await skip(["status"], { home: home.path });
  assertMatch(stdout, new RegExp(`^proxy +any peer +${here.pid}, since .* at ${here.address}\n$`));
});

Deno.test("skip proxy refuses every other host, and what is no proxy request, in words", async () => {
  await using there = await serveThere(hello);
  await using here = await proxy(there.bootstrap, { args: ["--json"] });
  const id = generateIdentity().id;
  const forbidden = [
    "http://localhost/",
    "http://127.0.0.1:22/",
    `http://${id}.skip.alt:22/`,
    "http://x.skip.alt/",
  ];
  for (const url of forbidden) {
    const answer = text(await exchange(here, `GET ${url} HTTP/1.1\r\nHost: ${there.id}.skip.alt\r\n\r\n`));
    assertMatch(answer, /^HTTP\/1\.1 403 Forbidden\r\n[^]*connection: close[^]*does not lead there/i);
  }
  const connect = text(await exchange(here, "CONNECT localhost:22 HTTP/1.1\r\n\r\n"));
  assertMatch(connect, /^HTTP\/1\.1 403 /);
  const failed = await here.event("failed");
  assertEquals([failed.host, failed.code], ["localhost", "not-allowed"]);

  const wrong = [
    "GET / HTTP/1.1",
    "GET https://h/ HTTP/1.1",
    "GET http://me:pw@h/ HTTP/1.1",
    "CONNECT h HTTP/1.1",
    "hello",
  ];
  for (const line of wrong) {
    assertMatch(text(await exchange(here, `${line}\r\n\r\n`)), /^HTTP\/1\.1 400 /, line);
  }

  for (const [host, port] of [["localhost", 80], ["127.0.0.1", 80], [`${id}.skip.alt`, 22]] as const) {
    assertEquals([...await exchange(here, socks(host, port))].slice(0, 4), [5, 0, 5, 2], host);
  }
});

Deno.test("skip proxy says what is wrong with a peer that it cannot reach", async () => {
  await using there = await serveThere(hello);
  await using here = await proxy(there.bootstrap, { args: ["--json"] });
  const nobody = `${generateIdentity().id}.skip.alt`;
  const page = text(await exchange(here, `GET http://${nobody}/ HTTP/1.1\r\n\r\n`));
  assertMatch(page, /^HTTP\/1\.1 502 Bad Gateway[^]*The peer was not found[^]*Check the id/);
  assertEquals((await here.event("failed")).code, "not-found");
  assertEquals([...await exchange(here, socks(nobody, 80))].slice(0, 4), [5, 0, 5, 4]);
});

Deno.test("skip proxy passes on one request of a connection, and nothing that follows it", async () => {
  const seen: string[] = [];
  await using there = await serveThere((request) => {
    seen.push(new URL(request.url).pathname);
    return new Response("ok", { headers: { connection: "keep-alive" } });
  });
  await using here = await proxy(there.bootstrap);
  const host = `${there.id}.skip.alt`;
  const request = (path: string, ...headers: string[]) =>
    [`GET http://${host}${path} HTTP/1.1`, `Host: ${host}`, ...headers, "", ""].join("\r\n");
  assertMatch(text(await exchange(here, request("/first"))), /^HTTP\/1\.1 200 OK[^]*ok$/);

  const smuggled = `GET /smuggled HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const attempts = [
    request("/a") + request("/smuggled"),
    request("/b") + smuggled,
    request("/c", "Content-Length: 3") + `abc${smuggled}`,
  ];
  for (const attempt of attempts) await exchange(here, attempt).catch(() => {}); // reset, or one answer
  for (
    const headers of [["Content-Length: 0", "Content-Length: 40"], ["Transfer-Encoding: chunked"], ["A : b"]]
  ) {
    const answer = text(
      await exchange(here, request("/d", ...headers) + `0\r\n\r\n${smuggled}`).catch(() =>
        utf8("HTTP/1.1 4")
      ),
    );
    assertMatch(answer, /^HTTP\/1\.1 4/);
  }
  assertEquals(seen.filter((path) => path === "/smuggled" || path === "/d"), []);
});

Deno.test("skip proxy closes clients that talk nonsense, and serves the next one", async () => {
  await using there = await serveThere(hello);
  await using here = await proxy(there.bootstrap);
  const nonsense = [
    Uint8Array.of(0),
    Uint8Array.of(5, 1, 2),
    Uint8Array.of(5, 1, 0, 5, 2, 0, 1, 1, 1, 1, 1, 0, 80),
    Uint8Array.of(5, 1, 0, 5, 1, 0, 9, 0, 0, 0),
    crypto.getRandomValues(new Uint8Array(40_000)),
    utf8(`GET / HTTP/1.1\r\n${"X: y\r\n".repeat(10_000)}`),
  ];
  for (const bytes of nonsense) {
    const conn = await here.connect();
    await conn.write(bytes).catch(() => {});
    await conn.closeWrite().catch(() => {});
    await readAll(conn).catch(() => {});
    conn.close();
  }
  const answer = text(await exchange(here, `GET http://${there.id}.skip.alt/ HTTP/1.0\r\n\r\n`));
  assertMatch(answer, /^HTTP\/1\.[01] 200 OK/);
});

Deno.test("skip proxy --any leads to other hosts as well", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, hello);
  await using here = await proxy(["--bootstrap", "none"], { args: ["--any"] });
  const { port } = server.addr;
  const answer = text(await exchange(here, `GET http://127.0.0.1:${port}/x HTTP/1.1\r\n\r\n`));
  assertMatch(answer, new RegExp(`^HTTP/1.1 200 OK[^]*GET /x at 127.0.0.1:${port}: $`));
  const closed = text(await exchange(here, "GET http://127.0.0.1:9/ HTTP/1.1\r\n\r\n"));
  assertMatch(closed, /^HTTP\/1\.1 502 /);
  assertMatch(text(await exchange(here, "GET http://x.skip.alt/ HTTP/1.1\r\n\r\n")), /^HTTP\/1\.1 403 /);
  for (const host of ["x.skip.alt.", "x.ALT", "x.Alt."]) { // no name server is asked for them
    assertEquals([...await exchange(here, socks(host, 80))].slice(0, 4), [5, 0, 5, 2], host);
  }
});

Deno.test("skip proxy says that its port is taken, and ends at Ctrl-C with connections open", async () => {
  using holder = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = await skip(["proxy", "--port", `${holder.addr.port}`, "--bootstrap", "none", "--json"]);
  assertEquals([taken.code, events(taken.stdout).at(-1)!.code], [1, "port-in-use"]);
  assertEquals((await skip(["proxy", "extra"])).code, 2);

  await using here = await proxy(["--bootstrap", "none"]);
  using conn = await here.connect();
  await conn.write(utf8("GET"));
  here.kill("SIGINT");
  assertEquals((await here.ended).code, 130);
  await assertRejects(() => readAll(conn), Deno.errors.ConnectionReset);
});
