import { assertEquals, assertRejects } from "@std/assert";
import { FIRST_WINDOW_BYTES, Inbox, MAX_WINDOW_BYTES } from "../../lib/tunnel/_inbox.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

function takeAll(inbox: Inbox, size: number): number[] {
  const buffer = new Uint8Array(size);
  const all: number[] = [];
  for (let n = inbox.take(buffer); n !== null; n = inbox.take(buffer)) all.push(...buffer.subarray(0, n));
  return all;
}

Deno.test("Inbox gives out in order what came in, whatever the sizes", () => {
  for (const sizes of [[1], [3, 1, 2], [20_000, 1, 1, 20_000, 5], [16_383, 2, 16_384, 1, 9000, 9000]]) {
    for (const buffer of [1, 7, 100_000]) {
      const inbox = new Inbox();
      let next = 0;
      for (const size of sizes) inbox.put(Uint8Array.from({ length: size }, () => next++));
      const wanted = Uint8Array.from({ length: next }, (_, i) => i);
      assertEquals(Uint8Array.from(takeAll(inbox, buffer)), wanted, `${sizes} by ${buffer}`);
    }
  }
});

Deno.test("Inbox mixes nothing up when it is read between small chunks", () => {
  const inbox = new Inbox();
  inbox.put(bytes(1));
  inbox.put(bytes(2));
  assertEquals(inbox.take(new Uint8Array(1)), 1);
  inbox.put(bytes(3));
  const buffer = new Uint8Array(1);
  inbox.take(buffer);
  assertEquals(buffer[0], 2);
  inbox.put(bytes(4));
  assertEquals(takeAll(inbox, 10), [3, 4]);
  inbox.put(bytes(5));
  inbox.put(bytes(6));
  assertEquals(takeAll(inbox, 10), [5, 6]);
});

Deno.test("Inbox takes no more than it allowed, and nothing after the end", () => {
  const inbox = new Inbox();
  assertEquals(inbox.put(new Uint8Array(FIRST_WINDOW_BYTES + 1)), false);
  assertEquals(inbox.put(new Uint8Array(FIRST_WINDOW_BYTES)), true);
  assertEquals(inbox.put(bytes(1)), false);
  inbox.end();
  assertEquals(inbox.put(bytes()), false);
});

Deno.test("Inbox gives credit by what was read, not by what came", () => {
  const inbox = new Inbox();
  inbox.put(new Uint8Array(FIRST_WINDOW_BYTES));
  assertEquals(inbox.grant(), 0);
  inbox.take(new Uint8Array(FIRST_WINDOW_BYTES / 4));
  assertEquals(inbox.grant(), FIRST_WINDOW_BYTES / 4);
  assertEquals(inbox.grant(), 0);
});

/** The windows, in MiB, of a reader who reads all of each in so many milliseconds. */
function windows(rounds: number, ms: number): number[] {
  let now = 0;
  let allowed = FIRST_WINDOW_BYTES;
  const inbox = new Inbox(() => now);
  return Array.from({ length: rounds }, () => {
    inbox.put(new Uint8Array(allowed));
    inbox.take(new Uint8Array(allowed));
    now += ms;
    return (allowed = inbox.grant()) / FIRST_WINDOW_BYTES;
  });
}

Deno.test("Inbox doubles the window of a fast reader who has caught up, to its limit", () => {
  assertEquals(windows(5, 100), [2, 4, 8, 8, 8]);
  assertEquals(windows(5, 1000), [1, 1, 1, 1, 1]);
  assertEquals(MAX_WINDOW_BYTES, 8 * FIRST_WINDOW_BYTES);
});

Deno.test("Inbox fails after what came before the end, and at once where there was none", async () => {
  const cut = new Inbox();
  cut.put(bytes(1));
  cut.fail(new Error("gone"));
  await assertRejects(() => cut.filled(), Error, "gone");

  const whole = new Inbox();
  whole.put(bytes(1));
  whole.end();
  whole.fail(new Error("gone"));
  await whole.filled();
  assertEquals(takeAll(whole, 4), [1]);
  await whole.filled();
});
