import { assertEquals } from "@std/assert";
import { Guest } from "../../lib/tunnel/_guest.ts";

const remote = { hostname: "198.51.100.7", port: 7 };
const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("Guest is shown out when no request comes in time", async () => {
  const guest = new Guest(remote, 1);
  await new Promise((resolve) => guest.signal.addEventListener("abort", resolve));
  assertEquals(guest.silent, true);
});

Deno.test("Guest stays while a request is being answered", async () => {
  const guest = new Guest(remote, 1);
  const { promise, resolve } = Promise.withResolvers<void>();
  guest.serve(promise);
  await after(10);
  assertEquals([guest.silent, guest.signal.aborted], [false, false]);
  resolve();
  guest.close();
});

Deno.test("Guest stays for the next request for a while, also after one that failed", async () => {
  const guest = new Guest(remote, 1, 5);
  guest.serve(Promise.reject(new Error("the peer left the response unread")));
  await new Promise((resolve) => guest.signal.addEventListener("abort", resolve));
  assertEquals(guest.silent, false);
});

Deno.test("Guest stays as long as its WebSocket", async () => {
  const guest = new Guest(remote, 1, 1);
  guest.serve(Promise.resolve());
  guest.upgrade();
  await after(10);
  assertEquals(guest.signal.aborted, false);
  guest.close();
  guest.close();
});

Deno.test("Guest who was dismissed gets his last answer, and is shown out whatever he asks for", async () => {
  const guest = new Guest(remote, 1000);
  const gone = new Promise((resolve) => guest.signal.addEventListener("abort", resolve));
  guest.dismiss(1);
  assertEquals([guest.dismissed, guest.signal.aborted], [true, false]);
  guest.serve(new Promise(() => {}));
  guest.dismiss(1_000_000);
  await gone;
});

Deno.test("Guest who is shown out has his tunnel closed once, also where that was not yet open", () => {
  let closed = 0;
  const [open, early] = [new Guest(remote, 1000), new Guest(remote, 1000)];
  open.closes({ close: () => closed++ });
  open.close();
  open.close();
  assertEquals(closed, 1);
  early.close();
  early.closes({ close: () => closed++ });
  assertEquals(closed, 2);
});

Deno.test("Guest tells whoever asks for his signal that he is gone, also afterwards", () => {
  const [asked, late] = [new Guest(remote, 1000), new Guest(remote, 1000)];
  const { signal } = asked;
  assertEquals(signal.aborted, false);
  asked.close();
  late.close();
  assertEquals([signal.aborted, signal === asked.signal, late.signal.aborted], [true, true, true]);
  assertEquals(late.signal.reason.name, "AbortError");
});

Deno.test("Guest who has gone leaves no timer, whatever his WebSocket was to be", () => {
  const guest = new Guest(remote, 1000);
  guest.close();
  guest.upgrade();
  guest.dismiss();
});
