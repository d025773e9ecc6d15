import { assertEquals, assertLessOrEqual } from "@std/assert";
import { openDiscovery } from "../../lib/discovery/dht_discovery.ts";
import { MemoryHub, type ServiceRecord } from "../../lib/discovery/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { natOf } from "../../lib/nat.ts";
import { SimulatedClock, Simulation } from "../simulation.ts";
import { signItem } from "../../lib/discovery/item.ts";
import { encodeRecord } from "../../lib/discovery/record.ts";
import { watchRecord } from "../../lib/discovery/record_watcher.ts";
import type { Reply } from "../../lib/discovery/types.ts";

const WALL_CLOCK_MS = 1_800_000_000_000;
const IDENTITY = generateIdentity();
const CONTENT: ServiceRecord = { candidates: [], nat: natOf("open"), sealKey: new Uint8Array(32) };
const RECORD = encodeRecord(IDENTITY.publicKey, CONTENT);

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

/** What a walk to the record with the number 1 found at the nodes 192.0.2.1, 2 and so on; and whom `watch()` then asks. */
function watchAmong(known: readonly Reply[], walked: Promise<readonly Reply[]>) {
  const clock = new SimulatedClock();
  const asked: number[] = [];
  const told: number[] = [];
  const over = new AbortController();
  const watching = watchRecord({ publicKey: IDENTITY.publicKey, record: CONTENT, seq: 1, holders: known }, {
    ...{ clock, wallClock: () => WALL_CLOCK_MS, signal: over.signal, holders: walked },
    dht: {
      get({ hostname }) {
        asked.push(Number(hostname.split(".")[3]));
        return Promise.reject(new Error("silent"));
      },
    },
    follow: (onReply) => known.forEach(onReply),
    onRecord: (_record, seq) => void told.push(seq),
  });
  const close = () => {
    over.abort();
    return clock.run(watching);
  };
  return { clock, asked, told, close };
}

const reply = (number: number, seq?: number): Reply => ({
  ...{ nodes: [], values: [], rttMs: 50 },
  ...(seq && { item: signItem(IDENTITY, seq, RECORD) }),
  from: { id: new Uint8Array(20).fill(number), hostname: `192.0.2.${number}`, port: 6881 },
});

Deno.test("watch() asks those first that held the record, and goes on at once when more are known", async () => {
  const walked = Promise.withResolvers<Reply[]>();
  const { clock, asked, close } = watchAmong([reply(1, 1), reply(2)], walked.promise);
  await clock.pass(200);
  assertEquals(asked, [1, 2]);
  walked.resolve([reply(2), reply(3), reply(4, 1), reply(1, 1)]);
  await clock.pass(500);
  assertEquals(asked.slice(2), [4, 3]);
  await clock.pass(500);
  assertEquals(asked.slice(4), [1, 2]);
  await close();
});

Deno.test("watch() forgets neither those that held a newer record nor those that held none", async () => {
  const old = Array.from({ length: 8 }, (_, i) => reply(1 + i, 1));
  const { clock, asked, told, close } = watchAmong([...old, reply(20, 2), reply(30)], Promise.resolve([]));
  assertEquals(told, [2]);
  await clock.pass(3_000);
  assertEquals(asked.slice(0, 9), [1, 2, 3, 4, 5, 6, 7, 8, 20]);
  assertEquals([20, 30].map((n) => asked.filter((one) => one === n).length), [2, 1]);
  await close();
});
