import { assertEquals } from "@std/assert";
import { Guest } from "../../lib/tunnel/_guest.ts";
import { SilenceWatch } from "../../lib/tunnel/_silence_watch.ts";

/** Somebody with a WebSocket, and what tells that he was shown out. */
function makeGuest() {
  const guest = new Guest({ hostname: "198.51.100.7", port: 41_000 }, 60_000);
  const gone = new Promise((resolve) => guest.signal.addEventListener("abort", resolve));
  guest.upgrade();
  return { guest, gone };
}

Deno.test("SilenceWatch shows out a guest from whom nothing comes any more, and not before", async () => {
  const [watch, { guest, gone }] = [new SilenceWatch(20), makeGuest()];
  watch.add(guest);
  guest.heard();
  const { heardAt } = guest;
  await gone;
  assertEquals(performance.now() - heardAt >= 20, true);
  watch.delete(guest);
});

Deno.test("SilenceWatch leaves alone who is heard all the while, and who was deleted", async () => {
  const [watch, silent, loud, deleted] = [new SilenceWatch(20), makeGuest(), makeGuest(), makeGuest()];
  for (const { guest } of [silent, loud, deleted]) watch.add(guest);
  watch.delete(deleted.guest);
  Object.defineProperty(loud.guest, "heardAt", { get: () => performance.now() });
  await silent.gone;
  assertEquals([loud.guest.closed, deleted.guest.closed], [false, false]);
  for (const { guest } of [silent, loud]) watch.delete(guest);
});

Deno.test("SilenceWatch keeps no timer for nobody, nor for a guest who has gone already", () => {
  const [watch, { guest }] = [new SilenceWatch(60_000), makeGuest()];
  watch.add(guest);
  watch.delete(guest);
  watch.delete(guest);
  guest.close();
  watch.add(guest);
});
