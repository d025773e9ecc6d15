import { assertEquals } from "@std/assert";
import { summarize } from "../../cli/_pings.ts";

const PATH = { kind: "reflexive", remote: "203.0.113.9:5", mapped: "198.51.100.7:6", rttMs: 50 } as const;

Deno.test("summarize() tells what came back, and how long that took", () => {
  const { line, event } = summarize({ sent: 4, ms: [52.04, 50.11, 71] }, PATH);
  assertEquals(
    line,
    "3 of 4 came back, 25 % lost; min 50.1, median 52, p95 71 ms; path 203.0.113.9:5 (reflexive)",
  );
  const { kind, remote } = PATH;
  assertEquals(event, {
    type: "ping",
    sent: 4,
    received: 3,
    kind,
    remote,
    minMs: 50.1,
    medianMs: 52,
    p95Ms: 71,
  });
});

Deno.test("summarize() speaks of no times where nothing came back", () => {
  assertEquals(
    summarize({ sent: 2, ms: [] }, PATH).line,
    "0 of 2 came back, 100 % lost; path 203.0.113.9:5 (reflexive)",
  );
  assertEquals(
    summarize({ sent: 0, ms: [] }, PATH).line,
    "0 of 0 came back, 0 % lost; path 203.0.113.9:5 (reflexive)",
  );
});
