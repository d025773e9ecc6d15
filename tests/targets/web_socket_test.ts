import { assert, assertEquals, assertMatch } from "@std/assert";
import { freePort } from "../free_port.ts";
import { front } from "./_front.ts";
import { nextEvent, openSocket, RawConnection, type Running, serveHttp, serveRaw } from "./_servers.ts";

const HANDSHAKE = "GET /x HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n" +
  "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** A target that accepts WebSockets. */
function serveSockets(use: (socket: WebSocket, asked: unknown[]) => void, protocol = ""): Running {
  return serveHttp((request) => {
    const asked = [request.url, request.headers.get("x-forwarded-for"), request.headers.get("host")];
    const { socket, response } = Deno.upgradeWebSocket(request, protocol ? { protocol } : {});
    socket.binaryType = "arraybuffer";
    use(socket, asked);
    return response;
  });
}

async function ended(socket: WebSocket): Promise<[code: number, reason: string, wasClean: boolean]> {
  const { code, reason, wasClean } = await nextEvent<CloseEvent>(socket, "close");
  return [code, reason, wasClean];
}

/** Answers the handshake of a WebSocket (RFC 6455 section 4.2.2), and goes on with what `then` says. */
async function acceptSocket(connection: RawConnection, then = ""): Promise<void> {
  const head = await connection.until(/\r\n\r\n/);
  const [, key] = head.match(/sec-websocket-key: (.+)\r\n/i)!;
  const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const hash = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + guid));
  await connection.write(
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n" +
      `sec-websocket-accept: ${new Uint8Array(hash).toBase64()}\r\n\r\n${then}`,
  );
}

Deno.test("proxyTarget() passes text and binary messages on, both ways, with the path and the headers", async () => {
  let asked: unknown[] = [];
  await using target = serveSockets((socket, seen) => {
    asked = seen;
    socket.onmessage = ({ data }) => socket.send(data);
  });
  await using proxy = front(`${target.origin}/base`);
  const socket = await openSocket(`${proxy.origin}/chat?room=1`);
  socket.send("héllo");
  assertEquals((await nextEvent<MessageEvent>(socket, "message")).data, "héllo");
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  socket.send(bytes);
  assertEquals(new Uint8Array((await nextEvent<MessageEvent>(socket, "message")).data), bytes);
  const url = `${target.origin}/base/chat?room=1`;
  assertEquals(asked, [url, "127.0.0.1", new URL(url).host]);
  const closed = ended(socket);
  socket.close(1000, "bye");
  assertEquals(await closed, [1000, "bye", true]);
});

Deno.test("proxyTarget() closes the target's WebSocket for a request that is no proper one", async () => {
  const { promise: closing, resolve } = Promise.withResolvers<Promise<unknown[]>>();
  await using target = serveSockets((socket) => resolve(ended(socket)));
  await using proxy = front(target.origin);
  using peer = await RawConnection.open(proxy.port, HANDSHAKE.replace(/sec-websocket-key: .*\r\n/, ""));
  await peer.until(/^HTTP\/1.1 400 /);
  assertEquals((await (await closing)).slice(2), [true]);
  assertEquals(proxy.faults, []);
});

Deno.test("proxyTarget() lets the target choose the subprotocol, and greet at once", async () => {
  await using target = serveSockets((socket) => socket.onopen = () => socket.send("welcome"), "b");
  await using proxy = front(target.origin);
  const socket = new WebSocket(proxy.origin.replace("http", "ws"), ["a", "b"]);
  const greeting = nextEvent<MessageEvent>(socket, "message");
  await nextEvent(socket, "open");
  assertEquals([socket.protocol, (await greeting).data], ["b", "welcome"]);
  const closed = ended(socket);
  socket.close();
  await closed;
});

Deno.test("proxyTarget() passes the target's close codes on", async () => {
  const codes = [1000, 1001, 1008, 1011, 1012, 3000, 4999];
  await using target = serveSockets((socket) => {
    socket.onmessage = ({ data }) => data === "0" ? socket.close() : socket.close(Number(data), "why");
  });
  await using proxy = front(target.origin);
  for (const code of [...codes, 0]) {
    const socket = await openSocket(proxy.origin);
    socket.send(`${code}`);
    assertEquals(await ended(socket), code === 0 ? [1005, "", true] : [code, "why", true]);
  }
});

Deno.test("proxyTarget() passes the peer's close codes on", async () => {
  const closes: Promise<unknown>[] = [];
  await using target = serveSockets((socket) => closes.push(ended(socket)));
  await using proxy = front(target.origin);
  for (const code of [1000, 3000, 4999, undefined]) {
    const socket = await openSocket(proxy.origin);
    const closed = ended(socket);
    socket.close(code, code === undefined ? undefined : "why");
    await closed;
  }
  assertEquals((await Promise.all(closes)).map((end) => (end as unknown[]).slice(0, 2)), [
    [1000, "why"],
    [3000, "why"],
    [4999, "why"],
    [1005, ""],
  ]);
});

Deno.test("proxyTarget() tells a connection that broke from one that was closed", async () => {
  const { promise: lost, resolve } = Promise.withResolvers<Promise<unknown[]>>();
  await using target = serveSockets((socket) => resolve(ended(socket)));
  await using proxy = front(target.origin);
  using peer = await RawConnection.open(proxy.port, HANDSHAKE);
  await peer.until(/101 Switching/);
  peer.close();
  assertEquals((await (await lost))[0], 4006);

  await using breaking = serveRaw(async (connection) => {
    await acceptSocket(connection, "\x81\x02hi");
  });
  await using second = front(breaking.origin);
  const socket = new WebSocket(second.origin.replace("http", "ws"));
  const message = nextEvent<MessageEvent>(socket, "message");
  const end = ended(socket);
  assertEquals((await message).data, "hi");
  assertEquals((await end)[0], 1011);
});

Deno.test("proxyTarget() answers a handshake with 502 or 504 where the target does not accept one", async () => {
  await using garbled = serveRaw(async (connection) => {
    await connection.until(/\r\n\r\n/);
    await connection.write("HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: wrong\r\n\r\n");
  });
  await using silent = serveRaw(async (connection) => void await connection.rest());
  const table: [url: string, status: number, code: string][] = [
    [`http://127.0.0.1:${freePort()}`, 502, "not-listening"],
    [garbled.origin, 502, "bad-answer"],
    [silent.origin, 504, "no-answer"],
  ];
  for (const [url, status, code] of table) {
    await using proxy = front(url, { headTimeoutMs: 100 });
    using peer = await RawConnection.open(proxy.port, HANDSHAKE);
    assertMatch(await peer.until(/\r\n\r\n/), new RegExp(`^HTTP/1.1 ${status} `));
    assertEquals(proxy.faults.map((fault) => fault.code), [code]);
  }
});

Deno.test("proxyTarget() answers a handshake with the status with which the target refuses it", async () => {
  for (const status of [302, 401, 404, 503]) {
    await using target = serveHttp(() => new Response("no", { status }));
    await using proxy = front(target.origin);
    using peer = await RawConnection.open(proxy.port, HANDSHAKE);
    assertMatch(await peer.until(/\r\n\r\n/), new RegExp(`^HTTP/1.1 ${status} `));
    assertEquals(proxy.faults, []);
  }
});

Deno.test("proxyTarget() finds a target that listens at ::1 only by the name localhost", async () => {
  const server = Deno.serve({ hostname: "::1", port: 0, onListen: () => {} }, (request) => {
    if (!request.headers.has("upgrade")) return new Response("plain");
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => socket.send(request.headers.get("host")!);
    return response;
  });
  {
    await using proxy = front(`http://localhost:${server.addr.port}`);
    const socket = new WebSocket(proxy.origin.replace("http", "ws"));
    const greeting = nextEvent<MessageEvent>(socket, "message");
    assertEquals((await greeting).data, `localhost:${server.addr.port}`);
    const closed = ended(socket);
    socket.close();
    await closed;
    assertEquals(await (await fetch(proxy.origin)).text(), "plain");
  }
  await server.shutdown();
});

Deno.test("proxyTarget() closes a WebSocket whose peer does not read, instead of holding it all", async () => {
  const chunk = new Uint8Array(1024 * 1024);
  const { promise: stopped, resolve } = Promise.withResolvers<unknown[]>();
  let sent = 0;
  await using target = serveSockets((socket) => {
    const flood = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send(chunk);
      sent++;
    }, 1);
    void ended(socket).then((end) => {
      clearInterval(flood);
      resolve(end);
    });
  });
  await using proxy = front(target.origin, { maxBufferedBytes: 4 * 1024 * 1024 });
  using peer = await RawConnection.open(proxy.port, HANDSHAKE);
  assertEquals((await stopped).slice(0, 2), [4013, "too slow"]);
  assert(sent < 64, `${sent} MB were sent`);
  assertMatch(proxy.faults[0]!.message, /4194304 bytes wait for the peer/);
  // What was sent before it arrives, and then the reason: 1013, "try again later".
  const close = "\x88\x0a\x03\xf5too slow"; // code 1013
  await peer.until(new RegExp(`${close}$`));
});

Deno.test("proxyTarget() closes a WebSocket whose target does not read", async () => {
  const { promise: over, resolve: release } = Promise.withResolvers<void>();
  await using target = serveRaw(async (connection) => {
    await acceptSocket(connection);
    await over;
  });
  await using proxy = front(target.origin, { maxBufferedBytes: 4 * 1024 * 1024 });
  const socket = await openSocket(proxy.origin);
  const stopped = ended(socket);
  const flood = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array(1024 * 1024));
  }, 1);
  assertEquals((await stopped).slice(0, 2), [1013, "too slow"]);
  clearInterval(flood);
  release();
});
