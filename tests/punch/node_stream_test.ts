import { assertEquals, assertRejects } from "@std/assert";
import { connect, createServer, type Socket } from "node:net";
import { NodeStream } from "../../lib/punch/_node_stream.ts";
import { type ByteStream, denoStream, writeAll } from "../../lib/punch/mod.ts";
import { readAll } from "../_streams.ts";

/** A node socket, connected to the other end of the pair. */
async function pair(): Promise<{ stream: NodeStream; socket: Socket; other: ByteStream }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const socket = connect({ host: "127.0.0.1", port: listener.addr.port, allowHalfOpen: true });
  const [conn] = await Promise.all([
    listener.accept(),
    new Promise<void>((resolve) => socket.once("connect", () => resolve())),
  ]);
  return { stream: new NodeStream(socket), socket, other: denoStream(conn) };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

Deno.test("NodeStream knows both ends", async () => {
  const { stream, other, socket } = await pair();
  assertEquals(stream.localAddr, other.remoteAddr);
  assertEquals(stream.remoteAddr.port, other.localAddr.port);
  stream.close();
  other.close();
  await closed(socket);
});

Deno.test("NodeStream.read() fills small buffers from large chunks, and one large buffer from several", async () => {
  const { stream, other, socket } = await pair();
  const sent = Uint8Array.from({ length: 1000 }, (_, i) => i);
  await other.write(sent);
  const first = new Uint8Array(10);
  assertEquals(await stream.read(first), 10);
  assertEquals(first, sent.subarray(0, 10));
  await other.closeWrite();
  assertEquals(await readAll(stream), sent.subarray(10));
  assertEquals(await stream.read(first), null);
  stream.close();
  other.close();
  await closed(socket);
});

Deno.test("NodeStream.read() gives each byte of a long stream as it was sent, to readers of any size", async () => {
  const sent = Uint8Array.from({ length: 1_000_000 }, (_, i) => i ** 2 >> 5);
  for (const size of [1000, 40_000, 262_144]) {
    const { stream, other, socket } = await pair();
    const sending = writeAll(other, sent).then(() => other.closeWrite());
    const received = new Uint8Array(sent.length);
    for (let at = 0; at < sent.length;) at += (await stream.read(received.subarray(at, at + size)))!;
    assertEquals(received, sent);
    assertEquals(await stream.read(new Uint8Array(1)), null);
    await sending;
    stream.close();
    other.close();
    await closed(socket);
  }
});

Deno.test("NodeStream.read() says that the other side has reset the connection", async () => {
  const server = createServer((socket) => void socket.once("data", () => socket.resetAndDestroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect({ host: "127.0.0.1", port: (server.address() as { port: number }).port });
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  const stream = new NodeStream(socket);
  const over = closed(socket);
  const reading = stream.read(new Uint8Array(1));
  await stream.write(new Uint8Array(1));
  await assertRejects(() => reading, Deno.errors.ConnectionReset);
  await over;
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

Deno.test("NodeStream of a socket that is gone fails in place of waiting", async () => {
  const { socket, other } = await pair();
  const over = closed(socket);
  socket.destroy();
  await over;
  const stream = new NodeStream(socket);
  await assertRejects(() => stream.read(new Uint8Array(1)), Deno.errors.BadResource);
  await assertRejects(() => stream.write(new Uint8Array(1)), Deno.errors.BadResource);
  stream.close();
  other.close();
});

Deno.test("NodeStream takes little from a stranger of whom only a few bytes are read, and loses nothing", async () => {
  const { stream, other, socket } = await pair();
  const paused = new Promise((resolve) => socket.once("pause", resolve));
  const first = new Uint8Array(20);
  const sending = writeAll(other, new Uint8Array(1_000_000)).then(() => other.closeWrite());
  await stream.read(first);
  await paused;
  assertEquals(socket.bytesRead <= 20 + 16 * 1024 + 64 * 1024, true, `${socket.bytesRead}`);
  assertEquals((await readAll(stream)).length, 1_000_000 - 20);
  await sending;
  stream.close();
  other.close();
  await closed(socket);
});

Deno.test("NodeStream.close() ends a read that waits, and may be called twice", async () => {
  const { stream, other, socket } = await pair();
  const reading = stream.read(new Uint8Array(1));
  const over = closed(socket);
  stream.close();
  stream.close();
  await assertRejects(() => reading, Deno.errors.BadResource);
  await assertRejects(() => stream.closeWrite(), Deno.errors.BadResource);
  await over;
  other.close();
});
