import { assertEquals, assertRejects } from "@std/assert";
import { maintain, type MaintenanceDeps } from "../../lib/discovery/maintenance.ts";
import { RoutingTable } from "../../lib/discovery/table.ts";
import { SimulatedClock, Simulation } from "../simulation.ts";

const HOUR = 60 * 60_000;

/** Runs maintenance for an hour over a table, and gives what it did. */
async function hour(table: RoutingTable, deps: Partial<MaintenanceDeps> = {}) {
  const clock = new SimulatedClock();
  const done = { pings: [] as { port: number; at: number }[], joins: 0, explorations: 0, saves: 0 };
  const aborter = new AbortController();
  const running = maintain({
    clock,
    table: () => table,
    isOnline: () => true,
    ping(node) {
      done.pings.push({ port: node.port, at: clock.now() });
      table.heard(node, true, clock.now());
      return Promise.resolve();
    },
    join: () => Promise.resolve(void done.joins++),
    explore: () => Promise.resolve(done.explorations++ > 1e9),
    save: () => Promise.resolve(void done.saves++),
    ...deps,
  }, aborter.signal);
  const reason = new Error("enough");
  const ended = assertRejects(() => running);
  await clock.pass(HOUR);
  aborter.abort(reason);
  assertEquals(await ended, reason);
  return done;
}

function table(count: number): RoutingTable {
  const made = new RoutingTable(new Uint8Array(20));
  for (let i = 1; i <= count; i++) {
    made.heard({ id: new Uint8Array(20).fill(i), hostname: "11.0.0.1", port: i }, true, 0);
  }
  return made;
}

Deno.test("maintain() asks for signs of life only of nodes that were not heard for 10 minutes", async () => {
  const { pings } = await hour(table(12));
  assertEquals(pings.every(({ at }) => at > 10 * 60_000), true);
  // 12 nodes, each every 10 minutes and some more, for 50 minutes.
  assertEquals(pings.length >= 48 && pings.length <= 60, true, `${pings.length} pings`);
  assertEquals(new Set(pings.map(({ port }) => port)).size, 12);
});

Deno.test("maintain() asks first those who never answered", async () => {
  const of = table(0);
  of.heard({ id: new Uint8Array(20).fill(1), hostname: "11.0.0.1", port: 1 }, true, 0);
  of.heard({ id: new Uint8Array(20).fill(2), hostname: "11.0.0.1", port: 2 }, false, 0);
  const { pings } = await hour(of);
  assertEquals(pings[0]!.port, 2);
  assertEquals(pings[0]!.at < 90_000, true);
});

Deno.test("maintain() joins again now and then, or at once while there are few nodes", async () => {
  assertEquals((await hour(table(12))).joins <= 5, true);
  assertEquals((await hour(table(7))).joins >= 45, true);
});

Deno.test("maintain() saves every ten rounds", async () => {
  const { saves } = await hour(table(12));
  assertEquals(saves >= 4 && saves <= 8, true, `${saves} saves`);
});

Deno.test("maintain() leaves the nodes alone while offline", async () => {
  const done = await hour(table(12), { isOnline: () => false });
  assertEquals([done.pings.length, done.joins, done.explorations], [0, 0, 0]);
});

Deno.test("DhtNode sends less than 25 packets a minute when idle", async () => {
  await using simulation = await Simulation.create(120, { seed: 21 });
  await simulation.clock.pass(10 * 60_000);
  const before = simulation.nodes.map((node) => node.stats.sent);
  await simulation.clock.pass(30 * 60_000);
  // Half of what is sent are answers; each question of one node costs another one a packet.
  const perMinute = simulation.nodes.map((node, i) => (node.stats.sent - before[i]!) / 30);
  const mean = perMinute.reduce((sum, one) => sum + one) / perMinute.length;
  assertEquals(mean < 25, true, `${mean} packets a minute`);
});
