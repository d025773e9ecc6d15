import { assert, assertEquals, assertRejects } from "@std/assert";
import { createSocket, type Socket } from "node:dgram";
import { ask } from "../../../lib/candidates/port_mapping/_ask.ts";
import { LOOPBACK } from "./_fake_router.ts";

const REQUEST = Uint8Array.of(1, 2, 3);
const ANSWER = Uint8Array.of(7);
const decode = (bytes: Uint8Array) => bytes[0] === ANSWER[0] ? "answer" : null;

/** Somebody on loopback; `onMessage` gets what is asked of him, and by whom. */
async function open(
  onMessage: (socket: Socket, port: number, count: number) => void,
  hostname = "127.0.0.1",
) {
  const socket = createSocket("udp4");
  let count = 0;
  socket.on("message", (_, from) => onMessage(socket, from.port, ++count));
  await new Promise<void>((resolve) => socket.bind(0, hostname, () => resolve()));
  return {
    socket,
    to: { ...LOOPBACK, port: socket.address().port },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

const NEVER = () => new AbortController().signal;

Deno.test("ask() gives what decode() makes of the answer", async () => {
  await using router = await open((socket, port) => socket.send(ANSWER, port, LOOPBACK.client));
  assertEquals(await ask(REQUEST, decode, { ...router.to, signal: NEVER() }), "answer");
});

Deno.test("ask() asks again where a packet was lost", async () => {
  await using router = await open((socket, port, count) => {
    if (count === 2) socket.send(ANSWER, port, LOOPBACK.client);
  });
  assertEquals(await ask(REQUEST, decode, { ...router.to, signal: NEVER() }), "answer");
});

Deno.test("ask() listens on after garbage, and after answers of others", async () => {
  await using stranger = await open(() => {});
  await using neighbour = await open(() => {}, "127.0.0.2");
  await using router = await open((socket, port, count) => {
    if (count > 1) return socket.send(ANSWER.with(0, 7), port, LOOPBACK.client);
    stranger.socket.send(ANSWER, port, LOOPBACK.client);
    neighbour.socket.send(ANSWER, port, LOOPBACK.client);
    for (const garbage of [new Uint8Array(), new Uint8Array(60_000)]) {
      socket.send(garbage, port, LOOPBACK.client);
    }
  });
  const seen: number[] = [];
  const answer = await ask(REQUEST, (bytes) => {
    seen.push(bytes.length);
    return decode(bytes);
  }, { ...router.to, signal: NEVER() });
  assertEquals(answer, "answer");
  assertEquals(seen, [0, 60_000, 1]);
});

Deno.test("ask() gives null after three requests without an answer", async () => {
  let asked = 0;
  await using router = await open((_, __, count) => asked = count);
  assertEquals(await ask(REQUEST, decode, { ...router.to, signal: NEVER() }), null);
  assertEquals(asked, 3);
});

Deno.test("ask() gives null where there is no such address of ours, and no way to the router", async () => {
  const noSuch = { hostname: "127.0.0.1", client: "203.0.113.1", port: 9, signal: NEVER() };
  assertEquals(await ask(REQUEST, decode, noSuch), null);
  const noWay = { hostname: "255.255.255.255", client: "127.0.0.1", port: 9, signal: NEVER() };
  assertEquals(await ask(REQUEST, decode, noWay), null);
});

Deno.test("ask() rejects with the signal's reason, at once", async () => {
  const closing = new AbortController();
  await using router = await open(() => closing.abort(new Error("closed")));
  const startMs = performance.now();
  await assertRejects(() => ask(REQUEST, decode, { ...router.to, signal: closing.signal }), Error, "closed");
  assert(performance.now() - startMs < 1000);
  await assertRejects(() => ask(REQUEST, decode, { ...router.to, signal: closing.signal }), Error, "closed");
});
