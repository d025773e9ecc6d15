import { assertEquals, assertRejects } from "@std/assert";
import { type Knock, MemoryHub, type ServiceDescription } from "../../lib/discovery/mod.ts";
import { PeerError } from "../../lib/errors.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { natOf } from "../../lib/nat.ts";

const identity = new Identity(new Uint8Array(32).fill(7));
const caller = new Identity(new Uint8Array(32).fill(8));
const { publicKey } = identity;
const DESCRIPTION: ServiceDescription = {
  candidates: [{ kind: "host", hostname: "127.0.0.1", port: 5000 }],
  nat: natOf("open"),
  dht: { hostname: "127.0.0.1", port: 5001 },
};

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => promise, PeerError);
  return (error as PeerError).code;
}

Deno.test("MemoryDiscovery resolves what another one published", async () => {
  const hub = new MemoryHub();
  await using server = hub.open();
  await using client = hub.open();
  await using publication = await server.publish(identity, () => DESCRIPTION, { onKnock() {} });
  const { record, seq } = await client.resolve(publicKey);
  const { sealKey, ...rest } = record;
  assertEquals([rest, sealKey.length, publication.acknowledgements], [DESCRIPTION, 32, 1]);
  assertEquals(Number.isSafeInteger(seq), true);
});

Deno.test("MemoryDiscovery delivers a knock by announcement and by datagram", async () => {
  const hub = new MemoryHub();
  const knocks: Knock[] = [];
  await using server = hub.open();
  await using client = hub.open({ hostname: "198.51.100.7" });
  await using _publication = await server.publish(identity, () => DESCRIPTION, {
    onKnock: (knock) => void knocks.push(knock),
  });
  const candidates = [{ hostname: "198.51.100.7", port: 41001 }];
  const resolution = await client.resolve(publicKey);
  const content = { port: 41000, candidates, nat: natOf("dependent") } as const;
  assertEquals(await client.knock(resolution, content, { identity: caller }), 1);
  assertEquals(knocks, [
    { via: "announce", candidates: [{ hostname: "198.51.100.7", port: 41000 }] },
    { via: "datagram", candidates, nat: natOf("dependent"), publicKey: caller.publicKey },
  ]);
});

Deno.test("MemoryDiscovery publishes a change, many at once being one", async () => {
  const hub = new MemoryHub();
  await using server = hub.open();
  let port = 5000;
  const published: number[] = [];
  await using publication = await server.publish(
    identity,
    () => ({ nat: natOf("open"), candidates: [{ kind: "host", hostname: "127.0.0.1", port }] }),
    { onKnock() {}, onPublished: (count) => void published.push(count) },
  );
  const { seq } = await server.resolve(publicKey);
  port = 6000;
  publication.update();
  publication.update();
  const changed = await server.resolve(publicKey);
  assertEquals([changed.record.candidates[0]!.port, changed.seq > seq, published], [6000, true, [1, 1]]);
});

Deno.test("MemoryDiscovery says not-found before publication and after its end", async () => {
  const hub = new MemoryHub();
  await using server = hub.open();
  assertEquals(await codeOf(server.resolve(publicKey)), "not-found");
  const publication = await server.publish(identity, () => DESCRIPTION, { onKnock() {} });
  const resolution = await server.resolve(publicKey);
  await publication.close();
  await publication.close();
  assertEquals(await codeOf(server.resolve(publicKey)), "not-found");
  const content = { port: 1, candidates: [], nat: natOf("open") } as const;
  assertEquals(await server.knock(resolution, content, { identity: caller }), 0);
});

Deno.test("MemoryDiscovery.close() ends its publications", async () => {
  const hub = new MemoryHub();
  const server = hub.open();
  await server.publish(identity, () => DESCRIPTION, { onKnock() {} });
  await server.close();
  await server.close();
  assertEquals(await codeOf(hub.open().resolve(publicKey)), "not-found");
  await assertRejects(() => server.resolve(publicKey), DOMException, "closed");
});

Deno.test("MemoryDiscovery waits while the hub is offline", async () => {
  const hub = new MemoryHub();
  hub.isOnline = false;
  await using server = hub.open();
  assertEquals(await codeOf(server.resolve(publicKey)), "offline");
  const publishing = server.publish(identity, () => DESCRIPTION, { onKnock() {} });
  hub.isOnline = true;
  await publishing;
  assertEquals((await server.resolve(publicKey)).record.nat.mapping, "open");
});

Deno.test("MemoryDiscovery rejects with the reason of a signal", async () => {
  const hub = new MemoryHub();
  hub.isOnline = false;
  await using server = hub.open();
  const over = new AbortController();
  const { signal } = over;
  const waiting = [
    server.online({ signal }),
    server.publish(identity, () => DESCRIPTION, { onKnock() {}, signal }),
  ].map((promise) => promise.catch((error) => error));
  over.abort("enough");
  assertEquals(await Promise.all(waiting), ["enough", "enough"]);
  assertEquals(await server.resolve(publicKey, { signal }).catch((error) => error), "enough");
});

Deno.test("MemoryDiscovery shows how others see it, port or no port", async () => {
  const hub = new MemoryHub();
  await using plain = hub.open();
  await using server = hub.open({ hostname: "203.0.113.1", port: 5000 });
  assertEquals([plain.observations()[0]!.observed.hostname, plain.port], ["127.0.0.1", 0]);
  assertEquals(server.observations()[0]!.observed, { hostname: "203.0.113.1", port: 5000 });
});
