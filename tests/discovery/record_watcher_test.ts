import { assertEquals, assertLessOrEqual } from "@std/assert";
import { openDiscovery } from "../../lib/discovery/dht_discovery.ts";
import { MemoryHub, type ServiceRecord } from "../../lib/discovery/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { natOf } from "../../lib/nat.ts";
import { SimulatedClock, Simulation } from "../simulation.ts";
import { signItem } from "../../lib/discovery/item.ts";
import { watchRecord } from "../../lib/discovery/record_watcher.ts";
import type { Reply } from "../../lib/discovery/types.ts";

const WALL_CLOCK_MS = 1_800_000_000_000;

Deno.test("watch() tells of an urgent change within a quarter of a second, and of each change once", async () => {
  await using network = await Simulation.create(40);
  const { clock } = network;
  const open = () =>
    openDiscovery({
      bootstrap: network.bootstrap,
      socket: network.socket(),
      clock,
      wallClock: () => WALL_CLOCK_MS + clock.now(),
    });
  const [serving, connecting] = await clock.run(Promise.all([open(), open()]));
  await clock.run(Promise.all([serving.online(), connecting.online()]));
  const identity = generateIdentity();
  let next = 40_000;
  const describe = () => ({
    candidates: [{ kind: "reflexive", hostname: "203.0.113.9", port: 5000 }] as const,
    nat: natOf("sequential", { sequence: { next, step: 1, rate: 0 } }),
  });
  const publication = await clock.run(serving.publish(identity, describe, { onKnock: () => {} }));
  const resolution = await clock.run(connecting.resolve(identity.publicKey));
  await clock.pass(5_000);

  const over = new AbortController();
  const seen: { record: ServiceRecord; at: number }[] = [];
  const changed = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const watching = connecting.watch(resolution, {
    signal: over.signal,
    onRecord(record) {
      seen.push({ record, at: clock.now() });
      changed[seen.length - 1]?.resolve();
    },
  });
  const start = clock.now();
  next = 40_100;
  publication.update({ urgent: true });
  await clock.run(changed[0]!.promise);
  assertLessOrEqual(seen[0]!.at - start, 250);
  next = 40_200;
  publication.update({ urgent: true });
  await clock.run(changed[1]!.promise);
  await clock.pass(3_000);
  over.abort();
  await clock.run(watching);
  assertEquals(seen.map(({ record }) => record.nat.sequence?.next), [40_100, 40_200]);
  // The second one had to wait: nobody can make a serving peer publish more often than once a second.
  assertLessOrEqual(1_000, seen[1]!.at - start);
  await clock.run(Promise.all([serving.close(), connecting.close()]));
});

Deno.test("watch() tells of changes in memory too, and not of those of others", async () => {
  const hub = new MemoryHub();
  const [serving, connecting] = [hub.open(), hub.open()];
  const [identity, other] = [generateIdentity(), generateIdentity()];
  let port = 5000;
  const describe = () => ({
    candidates: [{ kind: "host", hostname: "127.0.0.1", port }] as const,
    nat: natOf("open"),
  });
  await using publication = await serving.publish(identity, describe, { onKnock: () => {} });
  await using _ = await serving.publish(other, describe, { onKnock: () => {} });
  const resolution = await connecting.resolve(identity.publicKey);
  const over = new AbortController();
  const ports: number[] = [];
  const changed = Promise.withResolvers<void>();
  const watching = connecting.watch(resolution, {
    signal: over.signal,
    onRecord({ candidates }) {
      ports.push(candidates[0]!.port);
      changed.resolve();
    },
  });
  port = 5001;
  publication.update();
  await changed.promise;
  over.abort();
  await watching;
  port = 5002;
  await publication.close();
  await using _again = await serving.publish(identity, describe, { onKnock: () => {} });
  assertEquals(ports, [5001]);
});

Deno.test("watch() asks those first that held the record, and not only the one that was known at first", async () => {
  const identity = generateIdentity();
  const clock = new SimulatedClock();
  const item = signItem(identity, 1, new Uint8Array());
  const reply = (number: number, has: boolean): Reply => ({
    ...{ nodes: [], values: [], rttMs: 50, ...(has && { item }) },
    from: { id: new Uint8Array(20).fill(number), hostname: `192.0.2.${number}`, port: 6881 },
  });
  const record = { candidates: [], nat: natOf("open"), sealKey: new Uint8Array(32) };
  const resolution = { publicKey: identity.publicKey, record, seq: 1, holders: [reply(1, true)] };
  const walked = Promise.withResolvers<Reply[]>();
  const asked: string[] = [];
  const over = new AbortController();
  const watching = watchRecord(resolution, {
    ...{ clock, wallClock: () => WALL_CLOCK_MS, signal: over.signal, holders: walked.promise },
    dht: { get: ({ hostname }) => (asked.push(hostname), Promise.reject(new Error("silent"))) },
    follow: (onReply) => [reply(1, true), reply(2, false)].forEach(onReply),
    onRecord: () => {},
  });
  await clock.pass(200);
  assertEquals(asked, ["192.0.2.1", "192.0.2.2"]);
  walked.resolve([reply(2, false), reply(3, false), reply(4, true), reply(1, true)]);
  await clock.pass(500);
  assertEquals(asked.slice(2), ["192.0.2.4", "192.0.2.3"]);
  await clock.pass(500);
  assertEquals(asked.slice(4, 6), ["192.0.2.1", "192.0.2.2"]);
  over.abort();
  await clock.run(watching);
});
