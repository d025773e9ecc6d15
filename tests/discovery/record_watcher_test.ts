import { assertEquals, assertLessOrEqual } from "@std/assert";
import { openDiscovery } from "../../lib/discovery/dht_discovery.ts";
import { MemoryHub, type ServiceRecord } from "../../lib/discovery/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { natOf } from "../../lib/nat.ts";
import { Simulation } from "../simulation.ts";

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
