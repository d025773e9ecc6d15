import { assertEquals } from "@std/assert";
import { dial } from "../../mod.ts";
import { ExampleNetwork } from "./_example.ts";

Deno.test("examples/hono.ts: a Hono app answers at the id", async () => {
  await using network = await ExampleNetwork.create();
  await using app = await network.start("hono.ts");
  await using peer = await dial(await app.id(), {
    bootstrap: network.bootstrap,
    stun: [],
    portMapping: false,
  });
  assertEquals(await (await peer.fetch("/")).text(), "<h1>Hello from my machine</h1>");
  assertEquals(await (await peer.fetch("/hello/Ann")).json(), { hello: "Ann" });
  assertEquals(await (await peer.fetch("/shout", { method: "POST", body: "psst" })).text(), "PSST");
  const missing = await peer.fetch("/nowhere");
  await missing.body?.cancel();
  assertEquals(missing.status, 404);
});
