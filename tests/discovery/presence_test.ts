import { assertEquals, assertNotEquals } from "@std/assert";
import { isNodeIdFor } from "../../lib/discovery/bep42.ts";
import { Presence, type PresenceOptions } from "../../lib/discovery/presence.ts";

const PUBLIC = "203.0.113.9";

function presence(options: Partial<PresenceOptions> = {}): Presence {
  return new Presence({ local: { hostname: "0.0.0.0", port: 6881 }, alone: false, ...options });
}

function observe(of: Presence, hostname: string, observers = 1, network = 11): void {
  for (let i = 1; i <= observers; i++) {
    of.observe({ hostname: `${network}.${i}.0.1`, port: 1 }, { hostname, port: 6881 });
  }
}

Deno.test("Presence stays out of tables until others see it at an address of this machine", () => {
  const of = presence();
  assertEquals(of.readOnly, true);
  observe(of, PUBLIC);
  assertEquals(of.readOnly, true);
  const here = presence();
  observe(here, "127.0.0.1", 1, 127);
  assertEquals(here.readOnly, false);
});

Deno.test("Presence does not believe a node outside that it is seen at an address of a local network", () => {
  const of = presence();
  for (const address of ["127.0.0.1", "192.168.1.7", "169.254.0.1", "224.0.0.1", "0.0.0.0"]) {
    observe(of, address, 3);
  }
  assertEquals([of.readOnly, of.observations.list()], [true, []]);
  observe(of, "192.168.1.7", 1, 10);
  assertEquals(of.contact.hostname, "192.168.1.7");
});

Deno.test("Presence is in tables when it starts alone, and does as it is told otherwise", () => {
  assertEquals(presence({ alone: true }).readOnly, false);
  assertEquals(presence({ alone: true, readOnly: true }).readOnly, true);
  const told = presence({ readOnly: false });
  observe(told, PUBLIC);
  assertEquals(told.readOnly, false);
});

Deno.test("Presence knows its own endpoint by every name", () => {
  const of = presence();
  observe(of, PUBLIC);
  assertEquals(of.contact, { id: of.id, hostname: PUBLIC, port: 6881 });
  assertEquals(of.isOwnEndpoint({ hostname: PUBLIC, port: 6881 }), true);
  assertEquals(of.isOwnEndpoint({ hostname: "127.0.0.1", port: 6881 }), true);
  assertEquals(of.isOwnEndpoint({ hostname: PUBLIC, port: 6882 }), false);
  assertEquals(of.isOwnEndpoint({ hostname: "203.0.113.10", port: 6881 }), false);
  assertEquals(of.isSelf({ id: of.id, hostname: "11.0.0.1", port: 1 }), true);
  assertEquals(of.isSelf({ id: new Uint8Array(20), hostname: "11.0.0.1", port: 1 }), false);
});

Deno.test("Presence takes an id that fits its address once three networks agree, and keeps its neighbours", () => {
  const of = presence({ id: new Uint8Array(20) });
  of.table.heard({ id: new Uint8Array(20).fill(3), hostname: "11.0.0.1", port: 1 }, true, 5);
  observe(of, PUBLIC, 2);
  assertEquals(of.id, new Uint8Array(20));
  observe(of, PUBLIC, 3);
  assertEquals(isNodeIdFor(PUBLIC, of.id), true);
  assertEquals(of.table.nodes().map(({ confirmed, seenAt }) => [confirmed, seenAt]), [[true, 5]]);
});

Deno.test("Presence changes its id once at most", () => {
  const of = presence({ id: new Uint8Array(20) });
  observe(of, PUBLIC, 3);
  const { id } = of;
  observe(of, "198.51.100.77", 3);
  assertEquals(of.id, id);
});

Deno.test("Presence begins with an id that fits its last address, and need not change it", () => {
  const of = presence({ lastAddress: PUBLIC });
  const { id } = of;
  assertEquals(isNodeIdFor(PUBLIC, id), true);
  observe(of, PUBLIC, 3);
  assertEquals(of.id, id);
  assertNotEquals(presence({ lastAddress: PUBLIC }).id, id);
});

Deno.test("Presence tells others of its closest 8", () => {
  const of = presence();
  for (let i = 1; i < 20; i++) {
    of.table.heard({ id: new Uint8Array(20).fill(i), hostname: `11.0.0.${i}`, port: 1 }, true, 0);
  }
  assertEquals(of.closest(new Uint8Array(20)).map(({ id }) => id[0]), [1, 2, 3, 4, 5, 6, 7, 8]);
});
