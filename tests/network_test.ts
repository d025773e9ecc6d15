import { assertEquals, assertRejects } from "@std/assert";
import { MemoryHub } from "../lib/discovery/mod.ts";
import { openNetwork, reportOnline } from "../lib/network.ts";
import type { Progress } from "../lib/progress.ts";

Deno.test("openNetwork() leaves a discovery that it was given open", async () => {
  const discovery = new MemoryHub().open();
  {
    await using network = await openNetwork({ discovery }, 0);
    assertEquals(network.discovery, discovery);
  }
  await discovery.online();
});

Deno.test("openNetwork() refuses a bootstrap node that is no HOST:PORT", async () => {
  for (const node of ["host", "host:0", "host:65536", ":1", "a b:1", "[::1:1"]) {
    await assertRejects(() => openNetwork({ bootstrap: [node] }, 0), SyntaxError, node);
  }
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
