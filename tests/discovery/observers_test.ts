import { assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import {
  ANNOUNCE_MS,
  announceObserver,
  findObservers,
  MAX_OBSERVERS,
  ObserverFinder,
  observersHash,
} from "../../lib/discovery/observers.ts";
import { type DhtDiscovery, MemoryHub, openDiscovery } from "../../lib/discovery/mod.ts";
import { type Endpoint, formatEndpoint } from "../../lib/endpoint.ts";
import { Simulation } from "../simulation.ts";
import { type FakeDht, FakeNetwork } from "./_fake_dht.ts";

const KEY = observersHash().toHex();

/** Every node of a network names the same. */
const all = (values: readonly Endpoint[]) => Array.from({ length: 8 }, () => values);

/** A network in which the `n`-th node names `told[n]`. */
function networkWhere(told: readonly (readonly Endpoint[])[]): { network: FakeNetwork; dht: FakeDht } {
  const network = new FakeNetwork(8);
  told.forEach((values, n) => network.nodes[n]!.peers.set(KEY, [...values]));
  return { network, dht: network.open() };
}

const find = ({ network, dht }: ReturnType<typeof networkWhere>) =>
  network.run(findObservers({ dht, clock: network.clock, signal: new AbortController().signal }));

const text = (endpoints: readonly Endpoint[]) => endpoints.map(formatEndpoint).sort();

Deno.test("observersHash() is the SHA-1 of the well-known name", () => {
  assertEquals(KEY, "a8af617d854dc9789bb0777922307ffc6d2ea249");
});

Deno.test("findObservers() gives each /16 once, and eight at most", async () => {
  const told = all(
    Array.from({ length: 80 }, (_, i) => ({ hostname: `20.${i % 20}.${i}.1`, port: 5000 })),
  );
  const found = await find(networkWhere(told));
  assertEquals(found.length, MAX_OBSERVERS);
  assertEquals(new Set(found.map((e) => e.hostname.split(".", 2).join("."))).size, MAX_OBSERVERS);
});

Deno.test("findObservers() believes only what most nodes name", async () => {
  const made = Array.from({ length: 200 }, (_, i) => ({ hostname: `66.${i}.0.1`, port: 5000 }));
  const true_ = [{ hostname: "20.1.0.1", port: 5000 }];
  const told = Array.from({ length: 8 }, (_, n) => n < 4 ? [...made, ...true_] : n === 4 ? true_ : []);
  assertEquals(text(await find(networkWhere(told))), ["20.1.0.1:5000"]);
});

Deno.test("findObservers() passes over whatever is no place to dial", async () => {
  const told = [
    ...["10.0.0.1", "127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "169.254.0.1", "192.168.0.1"]
      .map((hostname) => ({ hostname, port: 5000 })),
    ...[22, 25, 53, 1023].map((port) => ({ hostname: "20.1.0.1", port })),
    ...[80, 443, 1024].map((port, i) => ({ hostname: `20.${2 + i}.0.1`, port })),
  ];
  assertEquals(text(await find(networkWhere(all(told)))), ["20.2.0.1:80", "20.3.0.1:443", "20.4.0.1:1024"]);
});

Deno.test("findObservers() gives none where nobody knows any, and rejects with the reason of its signal", async () => {
  const nobody = networkWhere([]);
  assertEquals(await find(nobody), []);
  const { clock } = nobody.network;
  const aborted = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => findObservers({ dht: nobody.dht, clock, signal: aborted }), Error, "enough");
});

Deno.test("ObserverFinder walks once for all that ask, and again when what it knows is old", async () => {
  const { network, dht } = networkWhere(all([{ hostname: "20.1.0.1", port: 5000 }]));
  const finder = new ObserverFinder({ dht, clock: network.clock, signal: new AbortController().signal });
  const impatient = new AbortController();
  const waiting = assertRejects(() => finder.find(impatient.signal), Error, "enough");
  const both = Promise.all([finder.find(), finder.find()]);
  impatient.abort(new Error("enough"));
  await waiting;
  const [one, two] = await network.run(both);
  assertEquals([text(one), two], [["20.1.0.1:5000"], one]);
  assertEquals(network.count(0, "get_peers"), 8);
  await network.clock.pass(9 * 60_000);
  await finder.find();
  assertEquals(network.count(0, "get_peers"), 8);
  await network.clock.pass(60_000);
  await network.run(finder.find());
  assertEquals(network.count(0, "get_peers"), 16);
});

Deno.test("ObserverFinder looks again soon where there was nobody", async () => {
  const { network, dht } = networkWhere([]);
  const finder = new ObserverFinder({ dht, clock: network.clock, signal: new AbortController().signal });
  assertEquals(await network.run(finder.find()), []);
  for (const node of network.nodes) node.peers.set(KEY, [{ hostname: "20.1.0.1", port: 5000 }]);
  assertEquals(await finder.find(), []);
  await network.clock.pass(30_000);
  assertEquals(text(await network.run(finder.find())), ["20.1.0.1:5000"]);
});

Deno.test("announceObserver() announces before nodes forget, retries where none took it, and ends", async () => {
  const { network, dht } = networkWhere([]);
  for (const node of network.nodes) node.refuses = true;
  const over = new AbortController();
  const announcing = announceObserver(5000, { dht, clock: network.clock, signal: over.signal });
  await network.clock.pass(1_000);
  assertEquals(network.count(0, "announce_peer"), 8);
  for (const node of network.nodes) node.refuses = false;
  await network.clock.pass(60_000);
  assertEquals(network.count(0, "announce_peer"), 16);
  assertEquals(network.nodes[0]!.peers.get(KEY), [{ hostname: "203.0.113.1", port: 5000 }]);
  await network.clock.pass(ANNOUNCE_MS * 1.1);
  assertEquals(network.count(0, "announce_peer"), 24);
  over.abort();
  await network.run(announcing);
});

Deno.test("observers() finds in a network of 60 nodes who announces himself, within a second", async () => {
  await using simulation = await Simulation.create(60);
  const { clock } = simulation;
  const open = (hostname: string) =>
    openDiscovery({
      ...{ bootstrap: simulation.bootstrap, readOnly: true, clock },
      socket: simulation.socket({ hostname, port: 6881 }),
    });
  const opening = ["20.1.0.1", "20.2.0.1", "20.3.0.1"].map(open);
  const [first, second, asking] = await clock.run(Promise.all(opening)) as [
    DhtDiscovery,
    DhtDiscovery,
    DhtDiscovery,
  ];
  first.announceObserver(5001);
  const announcement = second.announceObserver(5002);
  await clock.pass(5_000);
  const start = clock.now();
  const found = await clock.run(asking.observers());
  assertLessOrEqual(clock.now() - start, 1_000);
  assertEquals(text(found), ["20.1.0.1:5001", "20.2.0.1:5002"]);

  await clock.run(Promise.resolve(announcement[Symbol.asyncDispose]()));
  const ports = announced(simulation);
  await clock.pass(ANNOUNCE_MS * 1.2);
  assertEquals([ports.has(5001), ports.has(5002)], [true, false]);
  await clock.run(Promise.all([first.close(), second.close(), asking.close()]));
});

/** The ports that are announced from now on. */
function announced(simulation: Simulation): Set<number> {
  const ports = new Set<number>();
  simulation.onSend = ({ data }) => {
    const port = /4:porti(\d+)e/.exec(new TextDecoder("latin1").decode(data))?.[1];
    if (port) ports.add(Number(port));
  };
  return ports;
}

Deno.test("observers() of a hub are those that are announced, until they close", async () => {
  const hub = new MemoryHub();
  const [one, two, asking] = [
    hub.open({ hostname: "20.1.0.1" }),
    hub.open({ hostname: "20.2.0.1" }),
    hub.open(),
  ];
  const announcement = one.announceObserver(5001);
  two.announceObserver(5002);
  assertEquals(text(await asking.observers()), ["20.1.0.1:5001", "20.2.0.1:5002"]);
  await announcement[Symbol.asyncDispose]();
  assertEquals(text(await asking.observers()), ["20.2.0.1:5002"]);
  await two.close();
  assertEquals(await asking.observers(), []);
  await assertRejects(
    () => asking.observers({ signal: AbortSignal.abort(new Error("enough")) }),
    Error,
    "enough",
  );
});

Deno.test("findObservers() does not wait for a node that takes longer than the others", async () => {
  const set = networkWhere(all([{ hostname: "20.1.0.1", port: 5000 }]));
  set.network.nodes[3]!.delayMs = 1_500;
  assertEquals(text(await find(set)), ["20.1.0.1:5000"]);
  assertLessOrEqual(set.network.clock.now(), 200);
});
