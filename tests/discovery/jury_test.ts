import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { Jury } from "../../lib/discovery/jury.ts";
import type { Reply } from "../../lib/discovery/types.ts";
import { FakeNetwork } from "./_fake_dht.ts";

const TARGET = new Uint8Array(20);
const CALLER = { hostname: "198.51.100.7", port: 41000 };
const RTT_MS = 50;

function setUp(nodes = 8) {
  const network = new FakeNetwork(nodes);
  const { clock } = network;
  const dht = network.open();
  let walks = 0;
  const walk = dht.walk.bind(dht);
  dht.walk = (...args) => {
    walks++;
    return walk(...args);
  };
  const over = new AbortController();
  const jury = new Jury({ dht, clock, target: TARGET, signal: over.signal });
  const hear = async () => {
    const start = clock.now();
    const replies = await clock.run(jury.hear());
    return { naming: naming(replies), ms: clock.now() - start };
  };
  const announce = () => network.nodes.forEach(({ peers }) => peers.set(TARGET.toHex(), [CALLER]));
  return { network, clock, jury, hear, announce, over, walks: () => walks };
}

const naming = (replies: readonly Reply[]) => replies.filter(({ values }) => values.length > 0).length;

Deno.test("Jury is looked for once, and heard again in one round trip", async () => {
  const { clock, hear, announce, walks } = setUp();
  assertEquals(await hear(), { naming: 0, ms: RTT_MS });
  announce();
  assertEquals([await hear(), walks()], [{ naming: 8, ms: RTT_MS }, 1]);
  await clock.pass(10 * 60_000);
  await hear();
  assertEquals(walks(), 2);
});

Deno.test("Jury does not wait for those who are late, and looks for others once too many are", async () => {
  const { network, hear, announce, walks } = setUp(12);
  await hear();
  announce();
  const jurors = network.closest(TARGET);
  for (const node of jurors.slice(0, 2)) node.isSilent = true;
  const { naming, ms } = await hear();
  assertEquals([naming, walks()], [6, 1]);
  assertLess(ms, 200);
  jurors[2]!.isSilent = true;
  const others = await hear();
  assertEquals([others.naming, walks()], [8, 2]);
  assertLess(others.ms, 300);
});

Deno.test("Jury that is just being looked for is asked once more: it may have answered too early", async () => {
  const { clock, jury, announce, over, walks } = setUp();
  const ready = jury.keepReady().catch((error) => error);
  const heard = jury.hear();
  await clock.pass(RTT_MS / 2);
  announce();
  assertEquals([naming(await clock.run(heard)), walks()], [8, 1]);
  over.abort("closed");
  assertEquals(await clock.run(ready), "closed");
});

Deno.test("Jury is kept at hand, and looked for again now and then", async () => {
  const { clock, jury, over, walks } = setUp();
  const ready = jury.keepReady().catch(() => {});
  await clock.pass(25 * 60_000);
  assertEquals(walks(), 3);
  over.abort();
  await clock.run(ready);
});

Deno.test("Jury.hear() rejects with the reason of its signal", async () => {
  const { clock, jury, over } = setUp();
  await clock.run(jury.hear());
  const heard = jury.hear();
  heard.catch(() => {});
  over.abort(new Error("closed"));
  await assertRejects(() => clock.run(heard), Error, "closed");
});
