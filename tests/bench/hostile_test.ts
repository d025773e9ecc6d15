import { assertEquals } from "@std/assert";
import type { Meeting } from "../discovery/_meeting.ts";
import { figures } from "./hostile.ts";

const GOOD: Meeting = {
  version: 2,
  lookupMs: 100,
  lookupPackets: 20,
  dialledMs: 200,
  strangers: [],
  knowsItself: true,
};

Deno.test("figures() counts what was found and dialled, and times only that", () => {
  const slow = { ...GOOD, lookupMs: 300, dialledMs: 900 };
  const stale = { ...GOOD, version: 1, lookupMs: 5, dialledMs: undefined };
  assertEquals(figures([GOOD, GOOD, slow, stale]), ["4", "75 %", "100 (300)", "75 %", "200 (900)", "0"]);
});

Deno.test("figures() rounds no failure away, and counts everybody who was dialled for nothing", () => {
  const stranger = { hostname: "192.0.2.80", port: 80 };
  const all = [...Array.from({ length: 1_999 }, () => GOOD), {
    ...GOOD,
    version: 0,
    strangers: [stranger, stranger],
  }];
  assertEquals([figures(all)[1], figures(all).at(-1)], ["99.9 %", "2"]);
  assertEquals(figures([{ ...GOOD, version: 0, dialledMs: undefined }]).slice(1, 5), [
    "0 %",
    "–",
    "0 %",
    "–",
  ]);
});
