import { assertEquals } from "@std/assert";
import type { Discovery } from "../lib/discovery/mod.ts";
import { OwnNetwork } from "../lib/_own_network.ts";
import { openPort } from "../lib/punch/mod.ts";
import { stunServer } from "./netcheck/_observer.ts";

/** Nodes that each see another port: a symmetric NAT, as far as UDP goes. */
const discovery = {
  port: 5000,
  observations: () =>
    [["1.1.0.1", 6001], ["2.2.0.1", 6002], ["3.3.0.1", 6003]].map(([hostname, port]) => ({
      observer: { hostname, port: 1 },
      observed: { hostname: "127.0.0.9", port },
    })),
  online: () => Promise.resolve(),
  observers: () => Promise.resolve([]),
} as unknown as Discovery;

Deno.test("OwnNetwork gathers by the votes first, and by what servers saw once they have looked", async () => {
  await using one = await stunServer();
  await using two = await stunServer();
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  const servers = [one.endpoint, two.endpoint];
  const options = { port, discovery, servers, portMapping: true, report() {}, onChange() {} };
  await using own = new OwnNetwork(options);
  assertEquals(own.gather().publicAddress, "127.0.0.9");
  assertEquals(await own.look(), true);
  assertEquals(await own.look(), false);
  assertEquals((await own.observers()).length, 2);
});
