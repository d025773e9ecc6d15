import { assertEquals, assertRejects } from "@std/assert";
import type { ByteStream } from "../lib/byte_stream.ts";
import { encodeStun, encodeXorAddress, StunAttribute, StunType } from "../lib/candidates/mod.ts";
import { readStun } from "../lib/check/exchange.ts";
import { Lookout } from "../lib/_lookout.ts";
import { openPort, type PunchPort } from "../lib/punch/mod.ts";
import { serverThat, stunServer, type TestServer } from "./netcheck/_observer.ts";

const NEVER = new AbortController().signal;

/** Answers so many requests of each connection, and then no more. */
function serverThatTires(answers: number): Promise<TestServer> {
  return serverThat(async (stream) => {
    for (let n = 0; n < answers; n++) await answerOne(stream);
    stream.close();
  });
}

async function answerOne(stream: ByteStream) {
  const { transactionId } = (await readStun(stream)).message!;
  const address = encodeXorAddress(stream.remoteAddr, transactionId);
  const attributes = new Map([[StunAttribute.xorMappedAddress, address]]);
  await stream.write(encodeStun({ type: StunType.success, transactionId, attributes }));
}

/** Counts the connections that it makes. */
function counting(port: PunchPort) {
  const counted = {
    port: port.port,
    dials: 0,
    dial: (...args: Parameters<PunchPort["dial"]>) => {
      counted.dials++;
      return port.dial(...args);
    },
  };
  return counted;
}

Deno.test("Lookout.sight() says where the server sees the port, and asks again over the same connection", async () => {
  await using server = await stunServer();
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  const counted = counting(port);
  using lookout = new Lookout(counted);
  const external = { hostname: "127.0.0.1", port: port.port };
  const first = await lookout.sight(server.endpoint, NEVER);
  assertEquals(
    [first.localPort, first.destination, first.external],
    [port.port, server.endpoint.hostname, external],
  );
  assertEquals((await lookout.sight(server.endpoint, NEVER)).external, external);
  assertEquals(counted.dials, 1);
});

Deno.test("Lookout.sight() rejects where the connection has ended, and makes another one the next time", async () => {
  await using server = await serverThatTires(1);
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  const counted = counting(port);
  using lookout = new Lookout(counted);
  await lookout.sight(server.endpoint, NEVER);
  await assertRejects(() => lookout.sight(server.endpoint, NEVER));
  await lookout.sight(server.endpoint, NEVER);
  assertEquals(counted.dials, 2);
});

Deno.test("Lookout.sight() rejects with the reason of its signal, and the connection ends", async () => {
  const asked = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  await using server = await serverThat(async (stream) => {
    await readStun(stream);
    asked.resolve();
    await stream.read(new Uint8Array(64)).catch(() => {});
    ended.resolve();
  });
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  using lookout = new Lookout(port);
  const over = new AbortController();
  const sighting = lookout.sight(server.endpoint, over.signal).catch((reason) => reason);
  await asked.promise;
  over.abort("enough");
  assertEquals(await sighting, "enough");
  await ended.promise;
});

Deno.test("A Lookout that is disposed of ends its connections, and can be used on", async () => {
  let ended = Promise.withResolvers<void>();
  await using server = await serverThat(async (stream) => {
    await answerOne(stream);
    while (await stream.read(new Uint8Array(64)) !== null);
    ended.resolve();
  });
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  const lookout = new Lookout(port);
  await lookout.sight(server.endpoint, NEVER);
  lookout[Symbol.dispose]();
  await ended.promise;
  ended = Promise.withResolvers();
  await using other = await stunServer();
  assertEquals((await lookout.sight(other.endpoint, NEVER)).localPort, port.port);
  lookout[Symbol.dispose]();
});
