import { assertEquals, assertRejects } from "@std/assert";
import { type ByteStream, dialPersistently, openPort, race, schedule } from "../../lib/punch/mod.ts";

const NOBODY = () => new ReadableStream<ByteStream>();

/** A peer on loopback that keeps what comes in. */
async function peer() {
  const streams: ByteStream[] = [];
  const port = await openPort({ port: 0, onConnection: (stream) => void streams.push(stream) });
  return {
    candidate: { kind: "host", hostname: "127.0.0.1", port: port.port } as const,
    streams,
    async [Symbol.asyncDispose]() {
      for (const stream of streams) stream.close();
      await port.close();
    },
  };
}

Deno.test("race() gives the first path that passes, and closes the others", async () => {
  await using right = await peer();
  await using wrong = await peer();
  await using port = await openPort({ port: 0, onConnection: (s) => s.close() });
  const refused: number[] = [];
  const won = await race(port, schedule([wrong.candidate, right.candidate]), {
    incoming: NOBODY(),
    signal: AbortSignal.timeout(5000),
    check: (stream) => {
      if (stream.remoteAddr.port === right.candidate.port) return Promise.resolve("proof");
      return Promise.reject(new Error("somebody else"));
    },
    onRefused: (remote) => refused.push(remote.port),
  });
  assertEquals([won.checked, won.stream.remoteAddr.port], ["proof", right.candidate.port]);
  assertEquals(won.dial?.candidate, right.candidate);
  assertEquals(refused, [wrong.candidate.port]);
  assertEquals(await wrong.streams[0]!.read(new Uint8Array(1)), null);
  won.stream.close();
});

Deno.test("race() takes a path that the other side opened", async () => {
  await using other = await openPort({ port: 0, onConnection: (s) => s.close() });
  const { readable, writable } = new TransformStream<ByteStream, ByteStream>();
  const writer = writable.getWriter();
  await using port = await openPort({ port: 0, onConnection: (s) => void writer.write(s) });
  const racing = race(port, [], {
    incoming: readable,
    signal: AbortSignal.timeout(5000),
    check: () => Promise.resolve(1),
  });
  const dialled = await other.dial({ hostname: "127.0.0.1", port: port.port });
  const won = await racing;
  assertEquals([won.stream.remoteAddr.port, won.dial], [other.port, undefined]);
  won.stream.close();
  dialled.close();
});

Deno.test("race() ends with the reason of its signal, and closes a path whose check hangs", async () => {
  await using silent = await peer();
  await using port = await openPort({ port: 0, onConnection: (s) => s.close() });
  const controller = new AbortController();
  const racing = race(port, schedule([silent.candidate]), {
    incoming: NOBODY(),
    signal: controller.signal,
    check: (_, signal) => {
      const hanging = new Promise<void>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
      controller.abort(new Error("enough"));
      return hanging;
    },
  });
  await assertRejects(() => racing, Error, "enough");
  assertEquals(await silent.streams[0]!.read(new Uint8Array(1)), null);
});

Deno.test("dialPersistently() gives up what has refused as often as it may", async () => {
  await using port = await openPort({ port: 0, onConnection: (s) => s.close() });
  const closed = await openPort({ port: 0, onConnection: (s) => s.close() });
  await closed.close();
  let dials = 0;
  const counting = {
    ...port,
    dial: (...args: Parameters<typeof port.dial>) => (dials++, port.dial(...args)),
  };
  const options = { bound: true, signal: AbortSignal.timeout(5000), maxRedials: 2 };
  const remote = { hostname: "127.0.0.1", port: closed.port };
  const error = await assertRejects(() => dialPersistently(counting, remote, options), Error);
  assertEquals([(error as { code?: string }).code, dials], ["ECONNREFUSED", 3]);
});

Deno.test("dialPersistently() goes on until somebody listens", async () => {
  const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port: number } = probe.addr;
  probe.close();
  await using port = await openPort({ port: 0, onConnection: (s) => s.close() });
  const dialling = dialPersistently(port, { hostname: "127.0.0.1", port: number }, {
    bound: true,
    signal: AbortSignal.timeout(10_000),
  });
  await assertRejects(() => port.dial({ hostname: "127.0.0.1", port: number }), Error, "ECONNREFUSED");
  await using late = await openPort({ port: number, onConnection: (s) => s.close() });
  const stream = await dialling;
  assertEquals(stream.remoteAddr.port, late.port);
  stream.close();
});
