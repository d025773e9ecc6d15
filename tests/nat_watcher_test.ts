import { assertEquals } from "@std/assert";
import type { Discovery } from "../lib/discovery/mod.ts";
import { NatWatcher, votesOf } from "../lib/_nat_watcher.ts";
import { natOf } from "../lib/nat.ts";
import { openPort } from "../lib/punch/mod.ts";
import { serverBehindNat, stunServer } from "./netcheck/_observer.ts";

const own: readonly string[] = [];
/** A DHT that knows of no observers. */
const discovery = { observers: () => Promise.resolve([]) };

Deno.test("NatWatcher looks once where the votes leave it open, and again at another address", async () => {
  await using one = await stunServer();
  await using two = await stunServer();
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  await using watcher = new NatWatcher({ port, discovery, servers: [one.endpoint, two.endpoint] });
  const at = (publicAddress: string, mapping: "dependent" | "preserving" = "dependent") =>
    watcher.look({ nat: natOf(mapping), publicAddress, own, isWalled: false });
  assertEquals([await at("203.0.113.9", "preserving"), watcher.learned], [false, undefined]);
  assertEquals([await at("203.0.113.9"), watcher.learned?.nat.mapping], [true, "preserving"]);
  const { learned } = watcher;
  assertEquals([await at("203.0.113.9"), watcher.learned === learned], [false, true]); // not looked again
  assertEquals([await at("203.0.113.10"), watcher.learned === learned], [false, false]); // the same was seen
  assertEquals([await at("203.0.113.10", "preserving"), watcher.learned], [false, learned]); // still elsewhere
  assertEquals([await at("127.0.0.1", "preserving"), watcher.learned], [true, undefined]);
});

Deno.test("NatWatcher sees where TCP goes out, which is not waited for at first, once for each address", async () => {
  let asked = 0;
  await using server = await serverBehindNat(({ port }) => (asked++, { hostname: "203.0.113.8", port }));
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  await using watcher = new NatWatcher({ port, discovery, servers: [server.endpoint] });
  const look = (publicAddress: string) =>
    watcher.look({ nat: natOf("preserving"), publicAddress, own, isWalled: false });
  const external = () => watcher.learned?.external?.hostname;
  assertEquals([await look("203.0.113.9"), external(), asked], [false, undefined, 0]);
  assertEquals([await look("203.0.113.9"), external(), asked], [true, "203.0.113.8", 1]);
  assertEquals([await look("203.0.113.9"), external(), asked], [false, "203.0.113.8", 1]);
  assertEquals([await look("203.0.113.8"), external(), asked], [true, undefined, 2]);
});

Deno.test("NatWatcher looks again at once when the router has given UDP another port, as after a restart", async () => {
  let external = 40_001;
  let asked = 0;
  const seeing = () => serverBehindNat(() => (asked++, { hostname: "203.0.113.9", port: external }));
  await using one = await seeing();
  await using two = await seeing();
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  await using watcher = new NatWatcher({ port, discovery, servers: [one.endpoint, two.endpoint] });
  const look = (publicPort: number) =>
    watcher.look({
      nat: natOf("independent"),
      publicAddress: "203.0.113.9",
      publicPort,
      own,
      isWalled: false,
    });
  await look(5000);
  assertEquals([watcher.learned?.nat.mapping, watcher.learned?.external?.port], ["independent", 40_001]);
  external = 40_002;
  const before = asked;
  assertEquals([await look(5000), asked], [false, before]); // it is not time
  assertEquals([await look(5001), watcher.learned?.external?.port], [true, 40_002]);
});

Deno.test("NatWatcher learns nothing where there is no server, or nobody knows our address", async () => {
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  await using alone = new NatWatcher({ port, discovery, servers: [] });
  assertEquals(
    await alone.look({ nat: natOf("dependent"), publicAddress: "203.0.113.9", own, isWalled: false }),
    false,
  );
  await using server = await stunServer();
  await using unseen = new NatWatcher({ port, discovery, servers: [server.endpoint] });
  assertEquals([await unseen.look({ nat: natOf("unknown"), own, isWalled: false }), unseen.learned], [
    false,
    undefined,
  ]);
});

Deno.test("votesOf() suspects a firewall where all nodes that are heard use ports that those let out", () => {
  const votes = (...ports: number[]) =>
    votesOf({
      port: 5000,
      observations: () =>
        ports.map((port, i) => ({
          observer: { hostname: `1.${i}.0.1`, port },
          observed: { hostname: "9.9.9.9", port: 5000 },
        })),
    } as unknown as Discovery);
  assertEquals([votes(53, 443).isWalled, votes(53, 6881).isWalled, votes(53).isWalled, votes().isWalled], [
    ...[true, false],
    ...[false, false],
  ]);
});
