import { assertEquals, assertRejects } from "@std/assert";
import { MemoryHub } from "../lib/discovery/mod.ts";
import type { DhtNode } from "../lib/discovery/node.ts";
import { formatEndpoint } from "../lib/endpoint.ts";
import { openNetwork, reportOnline } from "../lib/network.ts";
import type { Progress } from "../lib/progress.ts";
import { Testnet } from "./testnet.ts";

Deno.test("openNetwork() leaves a discovery that it was given open", async () => {
  const discovery = new MemoryHub().open();
  {
    await using network = await openNetwork({ discovery }, {});
    assertEquals(network.discovery, discovery);
  }
  await discovery.online();
});

Deno.test("openNetwork() refuses a bootstrap node that is no HOST:PORT", async () => {
  for (const node of ["host", "host:0", "host:65536", ":1", "a b:1", "[::1:1"]) {
    await assertRejects(() => openNetwork({ bootstrap: [node] }, {}), SyntaxError, node);
  }
});

Deno.test("openNetwork() leaves no trace of a read-only node in others' tables", async () => {
  await using net = await Testnet.create({ nodes: 1 });
  const [node] = net.nodes as [DhtNode];
  const bootstrap = net.bootstrap.map(formatEndpoint);
  /** The node itself is one. */
  const found = async () => (await node.walk("get", node.id)).length;
  {
    await using guest = await openNetwork({ bootstrap, stun: [] }, { readOnly: true });
    await guest.discovery.online();
    await guest.discovery.resolve(new Uint8Array(32)).catch(() => {}); // it has asked, and said what it is
    assertEquals(await found(), 1);
  }
  await using resident = await openNetwork({ bootstrap, stun: [] }, {});
  await resident.discovery.online();
  while (await found() === 1) await resident.discovery.observers(); // asks, and so shows itself, until it knows its address
});

Deno.test("reportOnline() reports an outage once, and the end of it", async () => {
  const hub = new MemoryHub();
  hub.isOnline = false;
  const events: Progress["type"][] = [];
  const { promise: online, resolve } = Promise.withResolvers<void>();
  using _ = reportOnline(hub.open(), ({ type }) => {
    events.push(type);
    if (type === "offline") hub.isOnline = true;
    if (type === "online") resolve();
  });
  await online;
  assertEquals(events, ["offline", "online"]);
});

Deno.test("reportOnline() says nothing of an outage where there is none", async () => {
  const events: Progress["type"][] = [];
  await new Promise<void>((resolve) => {
    using _ = reportOnline(new MemoryHub().open(), ({ type }) => {
      events.push(type);
      resolve();
    });
    // Disposed of before the answer would be too early: the answer comes in this very turn.
  }).catch(() => {});
  assertEquals(events.includes("offline"), false);
});
