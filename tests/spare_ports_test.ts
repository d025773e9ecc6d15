import { assertEquals } from "@std/assert";
import { openSparePorts } from "../lib/_spare_ports.ts";
import type { ByteStream } from "../lib/byte_stream.ts";
import { openPort } from "../lib/punch/mod.ts";

Deno.test("openSparePorts() names two ports at our public address, and dials from both", async () => {
  const arrived: number[] = [];
  const both = Promise.withResolvers<void>();
  await using peer = await openPort({
    port: 0,
    onConnection(stream) {
      arrived.push(stream.remoteAddr.port);
      stream.close();
      if (arrived.length === 2) both.resolve();
    },
  });
  const streams: ByteStream[] = [];
  const over = new AbortController();
  const candidates = await openSparePorts({
    publicAddress: "203.0.113.9",
    remote: { hostname: "127.0.0.1", port: peer.port },
    signal: over.signal,
    onStream: (stream) => streams.push(stream),
  });
  assertEquals(candidates.map((c) => [c.kind, c.hostname]), Array(2).fill(["reflexive", "203.0.113.9"]));
  await both.promise;
  assertEquals(arrived.sort(), candidates.map((c) => c.port).sort());
  over.abort();
  streams.forEach((stream) => stream.close());
});

Deno.test("openSparePorts() opens nothing that stays once it is aborted", async () => {
  const options = { publicAddress: "203.0.113.9", remote: { hostname: "127.0.0.1", port: 9 } };
  assertEquals(await openSparePorts({ ...options, signal: AbortSignal.abort(), onStream: () => {} }), []);
});
