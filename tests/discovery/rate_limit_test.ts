import { assertEquals } from "@std/assert";
import { RateLimit } from "../../lib/discovery/rate_limit.ts";

function allowed(limit: RateLimit, count: number, hostname: string, portOf: (i: number) => number): number {
  let n = 0;
  for (let i = 0; i < count; i++) if (limit.allows({ hostname, port: portOf(i) })) n++;
  return n;
}

Deno.test("RateLimit.allows() lets an endpoint say 50 things in 10 s", () => {
  let now = 0;
  const limit = new RateLimit(() => now);
  assertEquals(allowed(limit, 60, "203.0.113.1", () => 1), 50);
  assertEquals(allowed(limit, 1, "203.0.113.2", () => 1), 1);
  now = 9_999;
  assertEquals(allowed(limit, 1, "203.0.113.1", () => 1), 0);
  now = 10_000;
  assertEquals(allowed(limit, 60, "203.0.113.1", () => 1), 50);
});

Deno.test("RateLimit.allows() lets all ports of an address say 500 things in 10 s", () => {
  assertEquals(allowed(new RateLimit(() => 0), 2_000, "203.0.113.1", (i) => i + 1), 500);
});

Deno.test("RateLimit.allows() does not count loopback as one address", () => {
  assertEquals(allowed(new RateLimit(() => 0), 2_000, "127.0.0.1", (i) => i + 1), 2_000);
  assertEquals(allowed(new RateLimit(() => 0), 2_000, "127.0.0.1", () => 1), 50);
});

Deno.test("RateLimit.allows() turns strangers away when it has counted too many", () => {
  const limit = new RateLimit(() => 0);
  let n = 0;
  for (let i = 0; i < 30_000; i++) {
    if (limit.allows({ hostname: `11.${i >> 16}.${i >> 8 & 255}.${i & 255}`, port: 1 })) n++;
  }
  assertEquals(n, 10_000);
});
