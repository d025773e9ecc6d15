import { assertEquals } from "@std/assert";
import { redialDelay } from "../../lib/punch/schedule.ts";
import { schedule } from "../../lib/punch/mod.ts";
import type { Candidate } from "../../lib/endpoint.ts";

function candidate(hostname: string, kind: Candidate["kind"] = "reflexive"): Candidate {
  return { kind, hostname, port: 5000 };
}

Deno.test("schedule() dials neighbours first, then IPv6, then mapped ports, then the rest", () => {
  const dials = schedule([
    candidate("9.9.9.9"),
    candidate("9.9.9.9", "mapped"),
    candidate("2001:db8::1", "host"),
    candidate("192.168.1.2", "host"),
  ]);
  assertEquals(dials.map((d) => `${d.candidate.hostname} ${d.candidate.kind}`), [
    "192.168.1.2 host",
    "2001:db8::1 host",
    "9.9.9.9 mapped",
    "9.9.9.9 reflexive",
  ]);
});

Deno.test("schedule() starts everything at once as far as a NAT can tell", () => {
  const dials = schedule(Array.from({ length: 16 }, (_, i) => candidate(`9.9.9.${i}`)));
  assertEquals(Math.max(...dials.map((d) => d.delayMs)) < 100, true);
  assertEquals(new Set(dials.map((d) => d.delayMs)).size, 16);
});

Deno.test("schedule() binds to the listening port only what has to open a hole", () => {
  const dials = schedule([
    candidate("9.9.9.9"),
    candidate("192.168.1.2", "host"),
    candidate("127.0.0.1", "host"),
  ]);
  assertEquals(Object.fromEntries(dials.map((d) => [d.candidate.hostname, d.bound])), {
    "9.9.9.9": true,
    "192.168.1.2": false,
    "127.0.0.1": false,
  });
});

Deno.test("redialDelay() dials a NAT that refuses again at once, and one nearby with growing pauses", () => {
  const table: [code: string | undefined, tookMs: number, failures: number, expected: number | null][] = [
    ["ECONNREFUSED", 50, 0, 0],
    ["ECONNREFUSED", 50, 100, 0],
    ["EHOSTUNREACH", 50, 3, 0],
    ["ECONNRESET", 50, 3, 0],
    ["ETIMEDOUT", 120_000, 0, 0],
    ["ECONNREFUSED", 0.1, 0, 20],
    ["ECONNREFUSED", 0.1, 1, 40],
    ["ECONNREFUSED", 0.1, 50, 1000],
    ["ENETUNREACH", 0.1, 2, 80],
    ["EADDRNOTAVAIL", 0.1, 0, null],
    ["EACCES", 0.1, 0, null],
    [undefined, 0.1, 0, null],
  ];
  for (const [code, tookMs, failures, expected] of table) {
    assertEquals(redialDelay(code, tookMs, failures), expected, `${code} ${tookMs} ${failures}`);
  }
});
