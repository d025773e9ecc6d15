import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { lookupArguments } from "../../lib/discovery/walks.ts";
import type { DhtNode } from "../../lib/discovery/node.ts";
import type { Reply } from "../../lib/discovery/types.ts";
import { Simulation } from "../simulation.ts";

/** Announces at the closest nodes; gives the number that took it. */
async function announce(
  simulation: Simulation,
  node: DhtNode,
  target: Uint8Array,
  port: number,
): Promise<number> {
  const taken: Promise<void>[] = [];
  await simulation.clock.run(
    node.walk("get_peers", target).then(async (replies) => {
      for (const { from, token } of replies) taken.push(node.announcePeer(from, token!, target, port));
      await Promise.allSettled(taken);
    }),
  );
  const outcomes = await Promise.allSettled(taken);
  return outcomes.filter(({ status }) => status === "fulfilled").length;
}

const ports = (replies: readonly Reply[]) => replies.flatMap(({ values }) => values.map(({ port }) => port));

Deno.test("DhtNode.walk() finds a fresh announce in 20 of 20 in 200 nodes of which 20 have died", async () => {
  await using simulation = await Simulation.create(200, { seed: 7 });
  for (let i = 0; i < 20; i++) simulation.kill(simulation.nodes[10 + 9 * i]!);
  const alive = simulation.nodes.filter((_, i) => i < 10 || (i - 10) % 9 !== 0);
  for (let i = 0; i < 20; i++) {
    const target = simulation.randomBytes(20);
    const announcer = alive[Math.floor(simulation.random() * alive.length)]!;
    const seeker = await simulation.open({ readOnly: true });
    assertEquals(await announce(simulation, announcer, target, 1_000 + i) >= 7, true);
    const replies = await simulation.clock.run(seeker.walk("get_peers", target));
    assertEquals(ports(replies).includes(1_000 + i), true, `announce ${i} was not found`);
    await simulation.clock.run(seeker.close());
  }
});

Deno.test("DhtNode.walk() finds a fresh announce with 5 % of the datagrams lost", async () => {
  await using simulation = await Simulation.create(100, { seed: 11, loss: 0.05 });
  for (let i = 0; i < 10; i++) {
    const target = simulation.randomBytes(20);
    await announce(simulation, simulation.nodes[5 + i]!, target, 1_000 + i);
    const replies = await simulation.clock.run(simulation.nodes[90 - i]!.walk("get_peers", target));
    assertEquals(ports(replies).includes(1_000 + i), true, `announce ${i} was not found`);
  }
});

Deno.test("DhtNode.walk() from cold takes 4 round trips at most in 20 nodes, and few packets", async () => {
  await using simulation = await Simulation.create(20, { seed: 3 });
  for (let i = 0; i < 10; i++) {
    const node = await simulation.open({ readOnly: true });
    const asked: Record<string, number> = {};
    simulation.onSend = ({ from, data }) => {
      const method = new TextDecoder("latin1").decode(data).match(/1:q\d+:(\w+?)(2:ro|1:t)/)?.[1];
      if (method && from.hostname === node.endpoint.hostname) asked[method] = (asked[method] ?? 0) + 1;
    };
    const before = simulation.clock.now();
    const replies = await simulation.clock.run(node.walk("get", simulation.randomBytes(20)));
    const roundTrips = (simulation.clock.now() - before) / 50;
    assertEquals(
      [replies.length, roundTrips <= 4, asked.get! <= 20],
      [8, true, true],
      JSON.stringify({ roundTrips, asked }),
    );
    await simulation.clock.run(node.close());
  }
});

Deno.test("DhtNode.walk() gives the very closest nodes of all", async () => {
  await using simulation = await Simulation.create(150, { seed: 5 });
  const target = simulation.randomBytes(20);
  const hex = (id: Uint8Array) => id.map((byte, i) => byte ^ target[i]!).toHex();
  const replies = await simulation.clock.run(simulation.nodes[149]!.walk("get", target));
  const closest = simulation.nodes.map((node) => hex(node.id)).sort().slice(0, 8);
  assertEquals(replies.map(({ from }) => hex(from.id)), closest);
});

for (const [count, loss, wanted] of [[20, 0, 1], [200, 0, 0.9], [200, 0.05, 0.8]] as const) {
  Deno.test(`DhtNode.walk() for forty finds them from cold in ${count} nodes with ${100 * loss} % loss, all but a few`, async () => {
    await using simulation = await Simulation.create(count, { seed: 5, loss });
    const members = [...simulation.nodes];
    for (let i = 0; i < 4; i++) {
      const target = simulation.randomBytes(20);
      const hex = (id: Uint8Array) => id.map((byte, at) => byte ^ target[at]!).toHex();
      const closest = members.map(({ id }) => hex(id)).sort().slice(0, 40);
      const seeker = await simulation.open({ readOnly: true });
      const replies = await simulation.clock.run(seeker.walk("get", target, { count: 48 }));
      const found = new Set(replies.map(({ from }) => hex(from.id)));
      const share = closest.filter((id) => found.has(id)).length / closest.length;
      assertGreaterOrEqual(share, wanted);
      assertLessOrEqual(seeker.stats.sent, 250);
      await simulation.clock.run(seeker.close());
    }
  });
}

Deno.test("lookupArguments() names the target as the method wants it", () => {
  const target = new Uint8Array(20);
  assertEquals(lookupArguments("get_peers", target), { info_hash: target });
  assertEquals(lookupArguments("get", target), { target });
  assertEquals(lookupArguments("find_node", target), { target });
});
