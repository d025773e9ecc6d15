import { assertEquals } from "@std/assert";
import { answerChecks } from "../lib/check/mod.ts";
import type { Endpoint } from "../lib/endpoint.ts";
import { generateIdentity } from "../lib/identity/mod.ts";
import { openPort } from "../lib/punch/mod.ts";
import { bracket, meetInSequence } from "../lib/_tactics.ts";
import { serverThat } from "./netcheck/_observer.ts";
import { from } from "./tunnel/pair.ts";

/** A STUN server that sees the n-th connection at port `first + n`, as behind a NAT that allots in sequence. */
function sequentialServer(first: number) {
  const identity = generateIdentity();
  let next = first;
  return serverThat((stream) => {
    const seen = from("203.0.113.9", next, stream);
    next += 3; // two dials to others in between
    return answerChecks(seen, identity);
  });
}

async function listener() {
  const arrived = Promise.withResolvers<number>();
  const port = await openPort({
    port: 0,
    onConnection(stream) {
      arrived.resolve(stream.remoteAddr.port);
      stream.close();
    },
  });
  const remote: Endpoint = { hostname: "127.0.0.1", port: port.port };
  return { remote, arrived: arrived.promise, [Symbol.asyncDispose]: () => port.close() };
}

Deno.test("bracket() gives the external ports of dials that two observations enclose", async () => {
  await using server = await sequentialServer(40_000);
  await using one = await listener();
  const over = new AbortController();
  const ports = await bracket({
    sequence: { next: 1, step: 1, rate: 0 },
    remotes: [one.remote, one.remote],
    servers: [server.endpoint],
    signal: over.signal,
    onStream: (stream) => stream.close(),
  });
  assertEquals(ports, [40_001, 40_002]);
  await one.arrived;
  over.abort();
});

Deno.test("bracket() gives nothing where nobody observes", async () => {
  await using one = await listener();
  const over = new AbortController();
  const options = {
    remotes: [one.remote],
    signal: over.signal,
    onStream: (s: { close(): void }) => s.close(),
  };
  const sequence = { next: 1, step: 1, rate: 0 };
  assertEquals(await bracket({ ...options, sequence, servers: [] }), []);
  const dead = { hostname: "127.0.0.1", port: 9 };
  assertEquals(await bracket({ ...options, sequence, servers: [dead] }), []);
  over.abort();
});

Deno.test("bracket() tells ports to come, and uses them up, while a router refuses its dials", async () => {
  await using server = await sequentialServer(40_000);
  const later = await listener(), { remote } = later;
  await later[Symbol.asyncDispose](); // nobody is there yet
  const over = new AbortController();
  const opened = Promise.withResolvers<void>();
  const ports = await bracket({
    sequence: { next: 1, step: 1, rate: 0 },
    remotes: [remote, remote],
    servers: [server.endpoint],
    ahead: true,
    signal: over.signal,
    onStream(stream) {
      opened.resolve();
      stream.close();
    },
  });
  assertEquals(ports, [40_001, 40_002, ...Array.from({ length: 14 }, (_, i) => 40_004 + i)]);
  await using _peer = await openPort({ port: remote.port, onConnection: (stream) => stream.close() });
  await opened.promise;
  over.abort();
});

Deno.test("meetInSequence() dials from where our NAT has got to", async () => {
  await using server = await sequentialServer(40_002);
  await using passed = await listener();
  await using next = await listener();
  const over = new AbortController();
  const meeting = meetInSequence({
    told: { next: 40_000, step: 1, rate: 0 },
    remotes: [passed.remote, passed.remote, passed.remote, next.remote],
    servers: [server.endpoint],
    signal: over.signal,
    onStream: (stream) => stream.close(),
  });
  await next.arrived; // 40,000 to 40,002 are gone: the fourth of the peer's dials is the next one
  over.abort();
  await meeting;
  assertEquals(await Promise.race([passed.arrived, Promise.resolve("nobody")]), "nobody");
});
