import { assertEquals, assertRejects } from "@std/assert";
import { abortable } from "@std/async";
import { Bootstrap, type BootstrapDeps, PUBLIC_BOOTSTRAP } from "../../lib/discovery/bootstrap.ts";
import { isPort } from "../../lib/endpoint.ts";
import { SimulatedClock } from "../simulation.ts";

const CLOSED = new DOMException("closed", "AbortError");
const NAMED = { hostname: "node.example", port: 6881 };

function setUp(deps: Partial<BootstrapDeps> = {}, alone = false) {
  const clock = new SimulatedClock();
  const log: string[] = [];
  const joins: number[] = [];
  const bootstrap = new Bootstrap({
    clock,
    endpoints: [NAMED],
    resolve: () => Promise.resolve(["203.0.113.1", "203.0.113.2"]),
    onPlace: ({ hostname, port }) => log.push(`place ${hostname}:${port}`),
    join() {
      joins.push(clock.now());
      return Promise.resolve();
    },
    onSettled: () => log.push("settled"),
    onOffline: () => log.push("offline"),
    ...deps,
  }, alone);
  return { clock, log, joins, bootstrap };
}

Deno.test("Bootstrap gives all addresses of a name, as they come", async () => {
  const { clock, log, bootstrap } = setUp();
  bootstrap.start();
  assertEquals(bootstrap.isResolving, true);
  await clock.pass(1);
  assertEquals(log, ["place 203.0.113.1:6881", "place 203.0.113.2:6881", "settled", "settled"]);
  assertEquals(bootstrap.places().map(({ hostname }) => hostname), ["203.0.113.1", "203.0.113.2"]);
  assertEquals([bootstrap.isResolving, bootstrap.isJoining], [false, false]);
  await bootstrap.stop(CLOSED);
});

Deno.test("Bootstrap names what has no address, until it has one", async () => {
  let addresses: string[] = [];
  const { clock, bootstrap } = setUp({ resolve: () => Promise.resolve(addresses) });
  bootstrap.start();
  await clock.pass(1);
  assertEquals(bootstrap.unresolved(), [NAMED.hostname]);
  addresses = ["203.0.113.1"];
  await clock.pass(1000);
  assertEquals(bootstrap.unresolved(), []);
  await bootstrap.stop(CLOSED);
});

Deno.test("Bootstrap tries again after 1/4, 1/2, 1 … seconds, at most 30, as long as nobody answers", async () => {
  const { clock, joins, bootstrap } = setUp();
  bootstrap.start();
  await clock.pass(100_000);
  assertEquals(joins, [0, 250, 750, 1_750, 3_750, 7_750, 15_750, 31_750, 61_750, 91_750]);
  await bootstrap.stop(CLOSED);
});

Deno.test("Bootstrap.online() resolves with the first answer, and attempts end", async () => {
  const { clock, joins, bootstrap } = setUp();
  bootstrap.start();
  clock.schedule(2_500, () => bootstrap.heard());
  await clock.run(bootstrap.online());
  assertEquals([clock.now(), bootstrap.isOnline], [2_500, true]);
  await clock.pass(1_000_000);
  assertEquals(joins, [0, 250, 750, 1_750]);
  await bootstrap.stop(CLOSED);
});

Deno.test("Bootstrap.online() resolves at once for a node that starts alone", async () => {
  const { bootstrap } = setUp({ endpoints: [] }, true);
  await bootstrap.online();
  assertEquals(bootstrap.isOnline, true);
});

Deno.test("Bootstrap.online() rejects with the signal's reason, or when stopped", async () => {
  const { clock, bootstrap } = setUp();
  bootstrap.start();
  const aborter = new AbortController();
  const reason = new Error("enough");
  const aborted = assertRejects(() => bootstrap.online(aborter.signal));
  const stopped = assertRejects(() => bootstrap.online());
  await clock.pass(10);
  aborter.abort(reason);
  assertEquals(await aborted, reason);
  await bootstrap.stop(CLOSED);
  assertEquals(await stopped, CLOSED);
  assertEquals(await assertRejects(() => bootstrap.online()), CLOSED);
});

Deno.test("Bootstrap notices a dead network, and comes back with it", async () => {
  const { clock, log, joins, bootstrap } = setUp();
  bootstrap.start();
  bootstrap.heard();
  await clock.pass(10_000);
  for (let i = 0; i < 7; i++) assertEquals(bootstrap.silence(), true);
  assertEquals([bootstrap.silence(), bootstrap.isOnline, log.at(-1)], [false, false, "offline"]);
  await clock.pass(500);
  assertEquals(joins, [0, 10_000, 10_250]);
  const again = bootstrap.online();
  bootstrap.heard();
  await clock.run(again);
  assertEquals(bootstrap.silence(), true);
  await bootstrap.stop(CLOSED);
});

Deno.test("Bootstrap does not take a few dead nodes among living ones for a dead network", async () => {
  const { clock, bootstrap } = setUp();
  bootstrap.start();
  await clock.pass(10_000);
  for (let i = 0; i < 100; i++) {
    if (i % 7 === 0) bootstrap.heard();
    assertEquals(bootstrap.silence(), true);
  }
  // Nor many at once right after a sign of life.
  bootstrap.heard();
  for (let i = 0; i < 20; i++) bootstrap.silence();
  assertEquals(bootstrap.isOnline, true);
  await bootstrap.stop(CLOSED);
});

Deno.test("Bootstrap keeps what a name stood for while it cannot be resolved", async () => {
  let answers = [["203.0.113.1"], [], ["203.0.113.9"]];
  const { clock, bootstrap } = setUp({ resolve: () => Promise.resolve(answers.shift() ?? []) });
  bootstrap.start();
  await clock.pass(500);
  assertEquals(bootstrap.places().map(({ hostname }) => hostname), ["203.0.113.1"]);
  await clock.pass(500);
  assertEquals(bootstrap.places().map(({ hostname }) => hostname), ["203.0.113.9"]);
  answers = [];
  await bootstrap.stop(CLOSED);
});

Deno.test("Bootstrap.stop() ends a resolution under way", async () => {
  const { clock, bootstrap } = setUp({
    resolve: (_name, signal) => abortable(Promise.withResolvers<string[]>().promise, signal),
  });
  bootstrap.start();
  await clock.pass(100);
  await bootstrap.stop(CLOSED);
  await bootstrap.stop(CLOSED);
});

Deno.test("PUBLIC_BOOTSTRAP names nodes with ports", () => {
  assertEquals(PUBLIC_BOOTSTRAP.length >= 4, true);
  assertEquals(PUBLIC_BOOTSTRAP.every(({ hostname, port }) => hostname.includes(".") && isPort(port)), true);
});
