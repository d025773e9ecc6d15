import { assertEquals } from "@std/assert";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { serveTunnel } from "../../lib/tunnel/mod.ts";
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { connPair } from "../_streams.ts";
import { ended, nextEvent, tunnelPair } from "./pair.ts";

const hello = () => new Response("hello");

Deno.test("shutdown() lets the request under way finish", async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: goOn, resolve: letGo } = Promise.withResolvers<void>();
  await using pair = await tunnelPair(async () => {
    begin();
    await goOn;
    return hello();
  });
  const fetching = pair.client.fetch("/");
  await begun;
  const stopping = pair.server.shutdown();
  letGo();
  assertEquals(await (await fetching).text(), "hello");
  await stopping;
});

Deno.test("shutdown() closes paths that wait, and WebSockets with a goodbye", async () => {
  await using pair = await tunnelPair((request) => Deno.upgradeWebSocket(request).response);
  const socket = await pair.client.webSocket();
  const closed = nextEvent<CloseEvent>(socket, "close");
  const [near, far] = await connPair();
  const waiting = pair.server.accept(far);
  await Promise.all([pair.server.shutdown(), pair.server.shutdown()]);
  assertEquals((await closed).code, 1001);
  await waiting;
  await ended(near);
  near.close();
  await pair.server.finished;
});

Deno.test("shutdown() takes no more paths", async () => {
  const server = await serveTunnel(hello, { identity: generateIdentity() });
  await server.shutdown();
  const [near, far] = await connPair();
  await server.accept(far);
  assertEquals(await near.read(new Uint8Array(1)), null);
  near.close();
});

/** In a process of its own, since Deno keeps something of such a WebSocket, which is the point. */
Deno.test("shutdown() does not wait for a WebSocket whose peer went while it was being opened", async () => {
  const script = new URL("testdata/deserted_upgrade.ts", import.meta.url).pathname;
  const args = ["run", ...await runFlags(), "-A", script];
  const child = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: "null", stderr: "inherit" });
  const { code, stdout } = await child.output();
  assertEquals([code, new TextDecoder().decode(stdout)], [0, "stopped\n"]);
});
