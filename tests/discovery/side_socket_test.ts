import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { DhtNode } from "../../lib/discovery/node.ts";

const LOCAL = { hostname: "127.0.0.1" };
const TARGET = new Uint8Array(20).fill(7);
const self = (node: DhtNode) => ({ ...LOCAL, port: node.port });

Deno.test("SideSocket announces from another port, and stays out of the other's table", async () => {
  await using node = await DhtNode.open({ ...LOCAL, bootstrap: [] });
  await using asking = await DhtNode.open({ ...LOCAL, bootstrap: [self(node)], readOnly: true });
  await asking.online();
  const { size } = node;
  {
    await using socket = await asking.openSideSocket();
    await socket.announcePeer(self(node), TARGET, 41000);
  }
  const { values } = await asking.getPeers(self(node), TARGET);
  assertEquals(values, [{ ...LOCAL, port: 41000 }]);
  assertEquals(node.size, size);
});

Deno.test("SideSocket that is closed rejects what is under way", async () => {
  await using asking = await DhtNode.open({ ...LOCAL, bootstrap: [] });
  await using deaf = await DhtNode.open({ ...LOCAL, bootstrap: [], readOnly: true }); // answers no questions
  const socket = await asking.openSideSocket();
  const announced = socket.announcePeer(self(deaf), TARGET, 41000);
  announced.catch(() => {});
  await socket[Symbol.asyncDispose]();
  const { name } = await assertRejects(() => announced) as Error;
  assertEquals(name, "AbortError");
  assertNotEquals(deaf.port, asking.port);
  assert(deaf.readOnly);
});
