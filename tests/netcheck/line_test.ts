import { assertEquals } from "@std/assert";
import { natOf } from "../../lib/nat.ts";
import { formatNetLine, type NetLine, parseNetLine } from "../../lib/netcheck/line.ts";

const port = natOf("preserving", { filtering: "port", refusal: "silence" });

const LINES: [text: string, line: NetLine][] = [
  ["skip1 unknown", { nat: natOf("unknown"), ipv6: false, mapped: false }],
  ["skip1 preserving/port/silence", { nat: port, ipv6: false, mapped: false }],
  ["skip1 preserving/port/silence v6", { nat: port, ipv6: true, mapped: false }],
  ["skip1 preserving/port/silence map", { nat: port, ipv6: false, mapped: true }],
  ["skip1 preserving/port/silence v6 map", { nat: port, ipv6: true, mapped: true }],
  [
    "skip1 sequential:40012+1@20/port/reset v6",
    {
      nat: natOf("sequential", {
        filtering: "port",
        refusal: "reset",
        sequence: { next: 40012, step: 1, rate: 20 },
      }),
      ipv6: true,
      mapped: false,
    },
  ],
];

Deno.test("parseNetLine() gives back what formatNetLine() was given", () => {
  for (const [text, line] of LINES) {
    assertEquals(formatNetLine(line), text);
    assertEquals(parseNetLine(text), line);
    assertEquals(parseNetLine(`  ${text.replaceAll(" ", "  ")}\n`), line, "as it comes out of a chat");
  }
});

Deno.test("parseNetLine() refuses anything else", () => {
  const wrong = [
    "",
    "skip1",
    "skip2 preserving",
    "SKIP1 preserving",
    "preserving/port",
    "skip1 symmetric",
    "skip1 preserving map v6",
    "skip1 preserving v6 v6",
    "skip1 preserving v4",
    "skip1 preserving/port/silence/web/x",
    "skip1 sequential:1@2",
    "skip1 block:5-4",
    "skip1 preserving\tv6",
    `skip1 preserving${" ".repeat(100)}`,
    "\u0000".repeat(50),
  ];
  for (const text of wrong) assertEquals(parseNetLine(text), null, JSON.stringify(text));
});
