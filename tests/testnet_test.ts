import { assertEquals } from "@std/assert";
import { DhtNode } from "../lib/discovery/node.ts";
import { Testnet } from "./testnet.ts";

Deno.test("Testnet.create() gives nodes that know each other", async () => {
  await using net = await Testnet.create({ nodes: 20 });
  assertEquals(net.nodes.length, 20);
  assertEquals(net.nodes.every((node) => node.size >= 8), true);
});

Deno.test("Testnet carries an announce from one newcomer to another", async () => {
  await using net = await Testnet.create({ nodes: 20 });
  const target = crypto.getRandomValues(new Uint8Array(20));
  const options = { hostname: "127.0.0.1", bootstrap: net.bootstrap };
  await using announcer = await DhtNode.open(options);
  const closest = await announcer.walk("get", target);
  await Promise.all(closest.map(({ from, token }) => announcer.announcePeer(from, token!, target, 777)));
  await using seeker = await DhtNode.open(options);
  const replies = await seeker.walk("get_peers", target);
  assertEquals(replies.filter(({ values }) => values.some(({ port }) => port === 777)).length >= 7, true);
});
