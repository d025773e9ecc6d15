// deno-lint-ignore-file no-console -- a program, whose product is what it prints
/**
 * A tunnel server whose peer goes away while its WebSocket is being opened: prints `stopped` once the server has stopped, and
 * ends with 1 where that takes more than 10 s.
 *
 * @module
 */
import { deadline, delay } from "@std/async";
import { generateIdentity } from "../../../lib/identity/mod.ts";
import { openClient, type ServeInfo, serveTunnel } from "../../../lib/tunnel/mod.ts";
import { connPair } from "../../_streams.ts";
import { from } from "../pair.ts";

const identity = generateIdentity();
const entered = Promise.withResolvers<void>();
const answered = Promise.withResolvers<void>();
const server = await serveTunnel(async (request, info) => {
  entered.resolve();
  await new Promise((resolve) => (info as ServeInfo).disconnected!.addEventListener("abort", resolve));
  await delay(100); // until the native server has seen the end, too
  answered.resolve();
  return Deno.upgradeWebSocket(request).response;
}, { identity });
const client = openClient({
  ...identity,
  openPath: async () => {
    const [near, far] = await connPair();
    const broken = entered.promise.then(() => Promise.reject(new Error("the path broke")));
    broken.catch(() => {});
    void server.accept({
      ...from("198.51.100.7", 1, far),
      read: (buffer) => Promise.race([far.read(buffer), broken]),
    });
    return near;
  },
});
const opened = await client.webSocket("/").then(() => true, () => false);
if (opened) throw new Error("The WebSocket opened all the same");
await answered.promise;
await client.close();
await deadline(server.shutdown(), 10_000);
console.log("stopped");
Deno.exit(0);
