import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { natOf } from "../../lib/nat.ts";
import {
  dialPorts,
  guessPorts,
  openMany,
  openPort,
  portsAhead,
  portsBetween,
  ROUND_MS,
  volleySize,
} from "../../lib/punch/mod.ts";
import { seededRandom } from "../simulation.ts";

const RANDOM = natOf("random");
const BLOCK = natOf("block", { block: { first: 6144, last: 8191 } });

Deno.test("portsBetween() gives the ports that lie between two observations of a sequence", () => {
  const table: readonly (readonly [before: number, after: number, step: number, ports: number[]])[] = [
    [100, 103, 1, [101, 102]],
    [100, 94, -2, [98, 96]],
    [100, 101, 1, []], // nobody dialled in between
    [100, 98, 1, []], // it went the other way
    [100, 103, 2, []], // that is no sequence of this step
    [100, 118, 1, []], // too busy
  ];
  for (const [before, after, step, ports] of table) {
    assertEquals(portsBetween(before, after, step, 16), ports);
  }
});

Deno.test("portsAhead() stays within the ports that exist", () => {
  assertEquals(portsAhead({ next: 65_534, step: 1, rate: 0 }, 4), [65_534, 65_535]);
  assertEquals(portsAhead({ next: 5, step: -2, rate: 0 }, 4), [5, 3, 1]);
});

Deno.test("guessPorts() guesses different ports, of the block where there is one", () => {
  const random = seededRandom(1);
  const guesses = guessPorts(BLOCK, 256, random);
  assertEquals(new Set(guesses).size, 256);
  assert(guesses.every((port) => port >= 6144 && port <= 8191));
  assertEquals(guessPorts(natOf("block", { block: { first: 10, last: 12 } }), 256, random).toSorted(), [
    10,
    11,
    12,
  ]);
  assert(guessPorts(RANDOM, 512, random).every((port) => port >= 1024 && port <= 65_535));
});

Deno.test("a volley of the full size misses as seldom as its size promises", () => {
  const random = seededRandom(7);
  const { opens, guesses } = volleySize(RANDOM);
  let met = 0;
  for (let run = 0; run < 2000; run++) {
    const opened = new Set(guessPorts(RANDOM, opens, random));
    if (guessPorts(RANDOM, guesses, random).some((port) => opened.has(port))) met++;
  }
  const odds = 1 - Math.exp(-opens * guesses / 64_512);
  assert(odds > 0.98 && Math.abs(met / 2000 - odds) < 0.01, `${met} of 2000, expected ${odds}`);
});

Deno.test("volleySize() sweeps a block with fewer", () => {
  const { opens, guesses } = volleySize(BLOCK);
  assert((1 - guesses / 2048) ** opens < 1e-6, `${opens} × ${guesses}`);
});

Deno.test("openMany() opens so many connections from different ports, and ends when aborted", async () => {
  const over = new AbortController();
  const from = new Set<number>();
  const all = Promise.withResolvers<void>();
  await using port = await openPort({
    port: 0,
    onConnection(stream) {
      from.add(stream.remoteAddr.port);
      stream.close();
      if (from.size === 20) all.resolve();
    },
  });
  const volley = openMany({ hostname: "127.0.0.1", port: port.port }, 20, {
    signal: over.signal,
    onStream: (stream) => stream.close(),
  });
  await all.promise;
  over.abort();
  await volley;
  assertEquals(from.size, 20);
});

Deno.test("dialPorts() finds the one port that answers, and outlives those that refuse", async () => {
  const over = new AbortController();
  await using listening = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  await using own = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  const found = Promise.withResolvers<number>();
  const dialling = dialPorts(own, "127.0.0.1", [1, 2, listening.port, 3], {
    signal: over.signal,
    onStream(stream) {
      found.resolve(stream.remoteAddr.port);
      stream.close();
    },
  });
  assertEquals(await found.promise, listening.port);
  over.abort();
  await dialling;
});

Deno.test("openMany() does not wait for the end of a round that is refused", async () => {
  const first = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  const remote = { hostname: "127.0.0.1", port: first.port };
  await first.close();
  const over = new AbortController();
  const opened = Promise.withResolvers<void>();
  const onStream = (stream: { close(): void }) => {
    stream.close();
    opened.resolve();
  };
  const volley = openMany(remote, 12, { signal: over.signal, onStream });
  await using _later = await openPort({ port: remote.port, onConnection: (stream) => stream.close() });
  await opened.promise;
  over.abort();
  await volley;
});

Deno.test("openMany() leaves alone whoever lets everybody in, as long as a round lasts", async () => {
  const over = new AbortController();
  let opened = 0;
  const all = Promise.withResolvers<void>();
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  const volley = openMany({ hostname: "127.0.0.1", port: port.port }, 20, {
    signal: over.signal,
    onStream(stream) {
      stream.close();
      if (++opened === 20) all.resolve();
    },
  });
  await all.promise;
  await delay(ROUND_MS / 4); // where it was refused, some rounds of it
  over.abort();
  await volley;
  assertEquals(opened, 20);
});
