import { assertEquals, assertMatch } from "@std/assert";
import { natOf } from "../../lib/nat.ts";
import { type NetLine, parseNetLine } from "../../lib/netcheck/line.ts";
import { oddsOf, PEER_CLASSES, prospects, verdictOf } from "../../lib/netcheck/verdict.ts";

const line = (text: string): NetLine => parseNetLine(`skip1 ${text}`)!;

Deno.test("prospects() looks at both NATs, and at what goes past them", () => {
  const table: [own: string, peer: string, strategy: string][] = [
    ["preserving/port", "preserving/port", "plain"],
    ["random/port", "preserving/port", "birthday"],
    ["random/port", "preserving/address", "plain"],
    ["random/port", "random/port", "none"],
    ["random/port v6", "random/port", "none"],
    ["random/port v6", "random/port v6", "plain"],
    ["random/port/silence/web v6", "preserving/port v6", "none"],
    ["random/port map", "random/port", "plain"],
    ["random/port", "random/port map", "plain"],
    ["preserving/port/silence/web", "preserving/port", "none"],
  ];
  for (const [own, peer, strategy] of table) {
    const outlook = prospects(line(own), line(peer));
    assertEquals(outlook.strategy, strategy, `${own} with ${peer}`);
    assertEquals(strategy === "none", outlook.remedy !== undefined);
  }
});

Deno.test("prospects() takes IPv6 that was seen to work on both sides for as good as anything", () => {
  const { odds, reason } = prospects(line("random/port v6"), line("random/port v6"));
  assertEquals([odds, reason.startsWith("IPv6")], [0.99, true]);
});

Deno.test("oddsOf() has one entry for each class of peer", () => {
  const odds = oddsOf(line("preserving/port/silence"));
  assertEquals(odds.map((o) => o.peer), PEER_CLASSES.map((c) => c.name));
  for (const { odds: value } of odds) assertEquals(value >= 0 && value <= 1, true);
  assertEquals(odds.find((o) => o.peer === "home")?.strategy, "plain");
  assertEquals(oddsOf(line("random/port")).find((o) => o.peer === "random")?.odds, 0);
});

Deno.test("verdictOf() is one sentence that tells with whom, and with whom not", () => {
  const table: [text: string, sentence: RegExp][] = [
    ["unknown", /^Nobody could be asked/],
    [
      "preserving/port/silence",
      /^Connects directly with most networks, not with a network that lets out web/,
    ],
    ["random/port/silence", /not with .*draws ports at random/],
    ["preserving/port/silence/web", /^No direct connection/],
  ];
  for (const [text, sentence] of table) {
    assertMatch(verdictOf(line(text)), sentence);
    assertMatch(verdictOf(line(text)), /^[^.]+\.$/);
  }
  assertEquals(verdictOf({ nat: natOf("unknown"), ipv6: true, mapped: false }).startsWith("Nobody"), false);
});
