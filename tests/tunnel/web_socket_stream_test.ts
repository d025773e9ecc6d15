import { assert, assertEquals, assertRejects } from "@std/assert";
import { webSocketStream } from "../../lib/tunnel/mod.ts";
import { concat, utf8 } from "../../lib/bytes.ts";
import { writeAll } from "../../lib/io.ts";
import { readAll } from "../_streams.ts";
import { nextEvent } from "./pair.ts";
import { socketPair } from "./socket_pair.ts";

const MIB = 1024 * 1024;
const { ConnectionReset, InvalidData } = Deno.errors;

/** Two streams that are joined. */
async function streamPair() {
  const pair = await socketPair();
  const [a, b] = [webSocketStream(pair.near), webSocketStream(pair.far)];
  return { ...pair, a, b };
}

/** A stream, and a peer of it that does as the test likes. */
async function strangePeer() {
  const pair = await socketPair();
  pair.far.binaryType = "arraybuffer";
  return { ...pair, stream: webSocketStream(pair.near), peer: pair.far };
}

/** Different at each place, so that nothing can be lost or exchanged unseen. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i++) words[i] = i * 2654435761;
  return new Uint8Array(words.buffer);
}

async function sha256(...parts: Uint8Array<ArrayBuffer>[]): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts))).toHex();
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("webSocketStream() passes the end of one direction on, and the other one goes on", async () => {
  await using pair = await streamPair();
  await writeAll(pair.a, utf8("question"));
  await pair.a.closeWrite();
  assertEquals(text(await readAll(pair.b)), "question");
  await writeAll(pair.b, utf8("an answer"));
  await pair.b.closeWrite();
  assertEquals(text(await readAll(pair.a)), "an answer");
});

Deno.test("webSocketStream() closes the WebSocket properly once both directions have ended", async () => {
  await using pair = await streamPair();
  const closed = Promise.all([pair.near, pair.far].map((socket) => nextEvent<CloseEvent>(socket, "close")));
  await Promise.all([pair.a.closeWrite(), pair.b.closeWrite()]);
  for (const { code, wasClean } of await closed) assertEquals([code, wasClean], [1000, true]);
  assertEquals(await Promise.all([readAll(pair.a), readAll(pair.b)]), [new Uint8Array(), new Uint8Array()]);
});

Deno.test("webSocketStream() carries what came before the end, also to a reader who begins after the close", async () => {
  await using pair = await streamPair();
  const closed = nextEvent(pair.far, "close");
  await writeAll(pair.a, utf8("last words"));
  await pair.a.closeWrite();
  await pair.b.closeWrite();
  await closed;
  assertEquals(text(await readAll(pair.b)), "last words");
});

Deno.test("webSocketStream() leaves each byte as it was, both ways at once, though buffers are used again", async () => {
  await using pair = await streamPair();
  const data = pattern(12 * MIB);
  const send = async (stream: typeof pair.a) => {
    const buffer = new Uint8Array(100_000);
    for (let at = 0; at < data.length; at += buffer.length) {
      const part = data.subarray(at, at + buffer.length);
      buffer.set(part);
      await writeAll(stream, buffer.subarray(0, part.length));
    }
    await stream.closeWrite();
  };
  const receive = async (stream: typeof pair.a) => {
    const [parts, buffer] = [[] as Uint8Array<ArrayBuffer>[], new Uint8Array(70_000)];
    for (let n = await stream.read(buffer); n !== null; n = await stream.read(buffer)) {
      parts.push(buffer.slice(0, n));
    }
    return await sha256(...parts);
  };
  const [, , ...received] = await Promise.all([send(pair.a), send(pair.b), receive(pair.a), receive(pair.b)]);
  const wanted = await sha256(data);
  assertEquals(received, [wanted, wanted]);
});

Deno.test("webSocketStream() stops its writer at 1 MiB while nobody reads, and goes on when somebody does", async () => {
  await using pair = await streamPair();
  let sent = 0;
  const stopped = Promise.withResolvers<void>();
  const sending = (async () => {
    while (sent < 3 * MIB) {
      const writing = pair.a.write(new Uint8Array(MIB));
      if (sent === MIB) stopped.resolve();
      sent += await writing;
    }
    await pair.a.closeWrite();
  })();
  await stopped.promise;
  for (let i = 0; i < 1000; i++) await Promise.resolve();
  assertEquals(sent, MIB);
  assertEquals((await readAll(pair.b)).length, 3 * MIB);
  await sending;
});

for (const code of [1000, 3000, 4000]) {
  Deno.test(`webSocketStream() never takes a close with ${code} for the end`, async () => {
    await using pair = await strangePeer();
    const reading = pair.stream.read(new Uint8Array(8));
    pair.peer.close(code);
    await assertRejects(() => reading, ConnectionReset, "closed before the end");
    await assertRejects(() => pair.stream.write(new Uint8Array(1)), ConnectionReset);
    await assertRejects(() => pair.stream.closeWrite(), ConnectionReset);
  });
}

Deno.test("webSocketStream() gives out nothing of a message that was cut off", async () => {
  await using pair = await strangePeer();
  const closed = nextEvent(pair.near, "close");
  pair.peer.send(utf8("half a"));
  pair.peer.close(1000);
  await closed;
  await assertRejects(() => pair.stream.read(new Uint8Array(8)), ConnectionReset);
});

Deno.test("webSocketStream() wakes a writer who waits for credit when the peer goes", async () => {
  await using pair = await strangePeer();
  await writeAll(pair.stream, new Uint8Array(MIB));
  const writing = pair.stream.write(new Uint8Array(1));
  pair.peer.close();
  await assertRejects(() => writing, ConnectionReset);
});

Deno.test("close() before the end tells the peer that something is missing, and ends what waits here", async () => {
  await using pair = await streamPair();
  const [here, there] = [pair.a.read(new Uint8Array(1)), pair.b.read(new Uint8Array(1))];
  await pair.a.closeWrite();
  pair.a.close();
  pair.a.close();
  await assertRejects(() => here, Deno.errors.BadResource);
  assertEquals(await there, null); // our end had been sent: it is what we did not read that is missing
  await nextEvent(pair.far, "close");
  await assertRejects(() => pair.b.write(new Uint8Array(1)), ConnectionReset, "4000");
});

const VIOLATIONS: [what: string, code: number, violate: (peer: WebSocket) => void][] = [
  ["sends more than its window", 4009, (peer) => {
    for (let i = 0; i < 17; i++) peer.send(new Uint8Array(65536));
  }],
  ["sends a message that is too long", 4009, (peer) => peer.send(new Uint8Array(65537))],
  ["sends bytes after the end", 4009, (peer) => {
    peer.send("end");
    peer.send(new Uint8Array(1));
  }],
  ["ends twice", 4002, (peer) => {
    peer.send("end");
    peer.send("end");
  }],
  ["sends a word that is none", 4002, (peer) => peer.send("hello")],
  ["sends a text without an end", 4002, (peer) => peer.send("credit 1".padEnd(100_000))],
  ["sends an empty text", 4002, (peer) => peer.send("")],
  ["gives no credit", 4002, (peer) => peer.send("credit 0")],
  ["gives negative credit", 4002, (peer) => peer.send("credit -1")],
  ["gives broken credit", 4002, (peer) => peer.send("credit 1e6")],
  ["gives credit without a bound", 4002, (peer) => {
    for (let i = 0; i < 3; i++) peer.send("credit 4000000");
  }],
];

for (const [what, code, violate] of VIOLATIONS) {
  Deno.test(`webSocketStream() closes with ${code} a peer that ${what}`, async () => {
    await using pair = await strangePeer();
    const closed = nextEvent<CloseEvent>(pair.peer, "close");
    violate(pair.peer);
    assertEquals((await closed).code, code);
    await assertRejects(() => pair.stream.write(new Uint8Array(1)), InvalidData);
  });
}

Deno.test("webSocketStream() holds many tiny messages in little more than their bytes", async () => {
  await using pair = await strangePeer();
  const before = Deno.memoryUsage();
  for (let i = 0; i < 200_000; i++) pair.peer.send(Uint8Array.of(i));
  pair.peer.send("end");
  await pair.stream.closeWrite();
  await nextEvent(pair.near, "close");
  const { external, heapUsed } = Deno.memoryUsage();
  assert(external + heapUsed - before.external - before.heapUsed < 30 * MIB);
  const received = await readAll(pair.stream);
  assertEquals(received.length, 200_000);
  assert(received.every((byte, i) => byte === i % 256));
});
