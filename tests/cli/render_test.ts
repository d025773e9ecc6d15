import { assertEquals } from "@std/assert";
import { bytes, describe, duration, oneLine, printable, stageLine } from "../../cli/_render.ts";
import type { Progress } from "../../lib/progress.ts";

function line(event: Progress): string | undefined {
  const words = describe(event);
  return words && stageLine(words);
}

Deno.test("describe() ends each stage with a fact", () => {
  const table: [Progress, string][] = [
    [{ type: "online", ms: 51 }, "dht         a node answered in 51 ms"],
    [
      { type: "offline", ms: 3000, unresolved: [] },
      "dht         no node answers since 3.0 s; trying again",
    ],
    [
      { type: "offline", ms: 3000, unresolved: ["a.invalid", "b.invalid"] },
      "dht         no node answers since 3.0 s, and a.invalid, b.invalid have no address; trying again",
    ],
    [{ type: "resolved", ms: 612 }, "lookup      found in 612 ms"],
    [{ type: "knock", acknowledgements: 1, ms: 60, via: "dht" }, "knock       1 node told in 60 ms"],
    [{ type: "knock", acknowledgements: 1, ms: 26, via: "control" }, "knock       peer told in 26 ms"],
    [{ type: "lost", ms: 4100 }, "lost        the peer is silent since 4.1 s"],
    [{ type: "restored", ms: 7200 }, "restored    the peer is back after 7.2 s"],
    [
      { type: "path", kind: "reflexive", remote: "203.0.113.9:50712", ms: 140 },
      "punch       203.0.113.9:50712 in 140 ms (reflexive)",
    ],
    [{ type: "open", ms: 1312 }, "open        WebSocket in 1.3 s"],
    [{ type: "allow-list", peers: 2 }, "access      the list has 2 peers"],
    [
      { type: "allow-list", peers: 1, error: "Cannot read line 3" },
      "access      the list has 1 peer still: Cannot read line 3",
    ],
    [{ type: "published", acknowledgements: 8 }, "publish     at 8 nodes"],
    [
      {
        type: "candidates",
        local: ["10.0.0.2:1"],
        remote: ["9.9.9.9:2"],
        nat: "preserving",
        remoteNat: "open",
      },
      "candidates  9.9.9.9:2 (no NAT); own 10.0.0.2:1 (NAT that keeps ports)",
    ],
  ];
  for (const [event, expected] of table) assertEquals(line(event), expected);
});

Deno.test("duration() changes to seconds at one second", () => {
  assertEquals([duration(0.4), duration(999), duration(1000), duration(61_250)], [
    "0 ms",
    "999 ms",
    "1.0 s",
    "61.3 s",
  ]);
});

Deno.test("printable() takes the terminal's own commands out of a stranger's text", () => {
  assertEquals(printable("\x1b]0;title\x07 hello\tthere\n"), "\\x1b]0;title\\x07 hello\tthere\n");
  assertEquals(printable("a\rb\x9b31m"), "a\\x0db\\x9b31m");
  assertEquals(printable("grüße 👋"), "grüße 👋");
});

Deno.test("oneLine() shows where a stranger's text would have begun another line", () => {
  assertEquals(oneLine("a\nb\r\nc\x1b"), "a\\x0ab\\x0d\\x0ac\\x1b");
});

Deno.test("bytes() gives three or four digits and a unit", () => {
  const table: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [123_456, "123.5 kB"],
    [1e9, "1.0 GB"],
    [5e18, "5000.0 PB"],
  ];
  for (const [n, text] of table) assertEquals(bytes(n), text);
});
