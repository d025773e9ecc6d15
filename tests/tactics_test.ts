import { assertEquals, assertRejects } from "@std/assert";
import { answerChecks } from "../lib/check/mod.ts";
import type { Endpoint } from "../lib/endpoint.ts";
import { generateIdentity } from "../lib/identity/mod.ts";
import { openPort } from "../lib/punch/mod.ts";
import { bracket, meetInSequence, openPorts } from "../lib/_tactics.ts";
import { serverThat } from "./netcheck/_observer.ts";
import { from } from "./tunnel/pair.ts";

/**
 * A STUN server as behind a NAT that allots in sequence: it sees the first connection at `first`, and the next one `stride`
 * ports later, as others were dialled in between.
 */
function sequentialServer(first: number, stride = 3) {
  const identity = generateIdentity();
  let next = first;
  return serverThat((stream) => {
    const seen = from("203.0.113.9", next, stream);
    next += stride;
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

Deno.test({
  name: "openPorts() holds none where the system does not give as many as are wanted",
  ignore: Deno.build.os !== "linux", // elsewhere it is not Deno.listen() that opens them
  async fn() {
    const { listen } = Deno;
    let first: Deno.TcpListener | undefined;
    Deno.listen = ((options: Deno.TcpListenOptions) => {
      if (first) throw new Error("Too many open files (os error 24)");
      return first = listen(options);
    }) as typeof Deno.listen;
    try {
      const options = { signal: new AbortController().signal, onStream: (s: { close(): void }) => s.close() };
      await assertRejects(() => openPorts(2, options), Error, "Too many open files");
    } finally {
      Deno.listen = listen;
    }
    await assertRejects(() => first!.accept(), Deno.errors.BadResource);
  },
});

Deno.test("openPorts() holds none once it is aborted", async () => {
  const over = new AbortController();
  const [port] = await openPorts(1, { signal: over.signal, onStream: (stream) => stream.close() });
  over.abort();
  await assertRejects(() => port!.dial({ hostname: "127.0.0.1", port: 9 }), DOMException, "closed");
  const late = await openPorts(1, { signal: over.signal, onStream: (stream) => stream.close() });
  await assertRejects(() => late[0]!.dial({ hostname: "127.0.0.1", port: 9 }), DOMException, "closed");
});

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

Deno.test("bracket() needs no more than one observer that answers, wherever it stands in the list", async () => {
  await using one = await listener();
  await using silent = await serverThat((stream) => stream.read(new Uint8Array(1)));
  const refusing: Endpoint = { hostname: "127.0.0.1", port: 9 };
  // In one burst: three to observers, two dials, three to observers. The one that answers sees every fifth port.
  const lists = (living: Endpoint) => [
    [living, silent.endpoint, refusing],
    [silent.endpoint, living, refusing],
    [refusing, silent.endpoint, living],
  ];
  for (const at of [0, 1, 2]) {
    await using server = await sequentialServer(40_000 + at, 5);
    const over = new AbortController();
    const ports = await bracket({
      sequence: { next: 1, step: 1, rate: 0 },
      remotes: [one.remote, one.remote],
      servers: lists(server.endpoint)[at]!,
      ahead: true,
      signal: over.signal,
      onStream: (stream) => stream.close(),
    });
    over.abort();
    assertEquals(ports, [40_003, 40_004, ...Array.from({ length: 14 }, (_, i) => 40_008 + i)], `${at}`);
  }
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
