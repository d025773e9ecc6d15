import { assertEquals, assertRejects } from "@std/assert";
import { writeAll } from "../../lib/io.ts";
import { PeerError } from "../../lib/errors.ts";
import { utf8 } from "../../lib/bytes.ts";
import { tcpTarget } from "../../lib/targets/mod.ts";
import { TCP_PROTOCOL, webSocketStream } from "../../lib/tunnel/mod.ts";
import { readAll } from "../_streams.ts";
import { tunnelPair } from "../tunnel/pair.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A TCP service behind a tunnel, and a stream to it. */
async function service() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const pair = await tunnelPair(tcpTarget({ hostname: "localhost", port: listener.addr.port }));
  return {
    pair,
    accept: () => listener.accept(),
    /** A connection, from both sides. */
    async open() {
      const socket = pair.client.webSocket("/", { protocols: [TCP_PROTOCOL] });
      const [conn, stream] = await Promise.all([listener.accept(), socket.then(webSocketStream)]);
      return { conn, stream };
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await pair[Symbol.asyncDispose]();
    },
  };
}

Deno.test("tcpTarget() joins a WebSocket to the service, with both ends of each direction", async () => {
  await using tcp = await service();
  const { conn, stream } = await tcp.open();
  await writeAll(stream, utf8("question"));
  await stream.closeWrite();
  assertEquals(text(await readAll(conn)), "question");
  await conn.write(utf8("an answer"));
  conn.close();
  assertEquals(text(await readAll(stream)), "an answer");
});

Deno.test("tcpTarget() lets the service end first", async () => {
  await using tcp = await service();
  const { conn, stream } = await tcp.open();
  await conn.write(utf8("Bye."));
  await conn.closeWrite();
  assertEquals(text(await readAll(stream)), "Bye.");
  await writeAll(stream, utf8("one more thing"));
  await stream.closeWrite();
  assertEquals(text(await readAll(conn)), "one more thing");
  conn.close();
});

Deno.test("tcpTarget() resets the service's connection when the peer is gone in the middle", async () => {
  await using tcp = await service();
  const { conn, stream } = await tcp.open();
  await writeAll(stream, utf8("half a"));
  await conn.read(new Uint8Array(6));
  stream.close();
  await assertRejects(() => conn.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
  conn.close();
});

Deno.test("tcpTarget() makes it an error when the serving peer stops in the middle", async () => {
  await using tcp = await service();
  const { conn, stream } = await tcp.open();
  const reading = assertRejects(() => stream.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
  await tcp.pair.server.shutdown(); // what is under way ends, not properly
  await reading;
  conn.close();
});

Deno.test("tcpTarget() answers 502 while the service does not listen, and works once it does", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const faults: string[] = [];
  const target = tcpTarget({ hostname: "127.0.0.1", port }, { onFault: (_, { code }) => faults.push(code) });
  await using pair = await tunnelPair(target);
  const open = () => pair.client.webSocket("/", { protocols: [TCP_PROTOCOL] });
  const error = await assertRejects(open, PeerError);
  assertEquals([error.code, faults], ["tunnel-failed", ["not-listening"]]);

  using again = Deno.listen({ hostname: "127.0.0.1", port });
  const [conn, stream] = await Promise.all([again.accept(), open().then(webSocketStream)]);
  conn.close();
  assertEquals(await stream.read(new Uint8Array(1)), null);
  await stream.closeWrite();
});

Deno.test("tcpTarget() finds a service of this machine that listens at ::1 alone", async () => {
  using listener = Deno.listen({ hostname: "::1", port: 0 });
  await using pair = await tunnelPair(tcpTarget({ hostname: "localhost", port: listener.addr.port }));
  const socket = pair.client.webSocket("/", { protocols: [TCP_PROTOCOL] });
  const [conn, stream] = await Promise.all([listener.accept(), socket.then(webSocketStream)]);
  conn.close();
  assertEquals(await stream.read(new Uint8Array(1)), null);
  await stream.closeWrite();
});

Deno.test("tcpTarget() tells anybody else what it is, and dials nothing for him", async () => {
  await using pair = await tunnelPair(tcpTarget({ hostname: "127.0.0.1", port: 9 }));
  for (const method of ["HEAD", "GET", "POST"]) {
    const response = await pair.client.fetch("/", { method });
    assertEquals([response.status, response.headers.get("skip-service")], [426, "tcp"]);
    assertEquals(/reach it with skip forward/.test(await response.text()), method !== "HEAD");
  }
  await assertRejects(() => pair.client.webSocket("/"), PeerError); // without the subprotocol
});

Deno.test("tcpTarget() closes the service's connection for a request that is no proper WebSocket", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const headers = { upgrade: "websocket", "sec-websocket-protocol": TCP_PROTOCOL };
  const handler = tcpTarget({ hostname: "127.0.0.1", port: listener.addr.port });
  const info = { remoteAddr: listener.addr, completed: Promise.resolve() };
  const response = await handler(new Request("http://localhost/", { headers }), info);
  assertEquals(response.status, 400);
  const conn = await listener.accept();
  assertEquals(await conn.read(new Uint8Array(1)), null);
  conn.close();
});

Deno.test("tcpTarget() carries 300 short connections, each with its own bytes", async () => {
  await using tcp = await service();
  const { client } = tcp.pair;
  const echoing = (async () => {
    for (let i = 0; i < 300; i++) {
      const conn = await tcp.accept();
      void conn.readable.pipeTo(conn.writable);
    }
  })();
  for (let i = 0; i < 300; i += 50) {
    await Promise.all(Array.from({ length: 50 }, async (_, j) => {
      const stream = webSocketStream(await client.webSocket("/", { protocols: [TCP_PROTOCOL] }));
      await writeAll(stream, utf8(`${i + j}`));
      await stream.closeWrite();
      assertEquals(text(await readAll(stream)), `${i + j}`);
    }));
  }
  await echoing;
});
