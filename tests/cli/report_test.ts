import { assertEquals, assertMatch } from "@std/assert";
import { percent, reportLines } from "../../cli/_report.ts";
import { natOf } from "../../lib/nat.ts";
import type { NetReport } from "../../lib/netcheck/mod.ts";

const REPORT: NetReport = {
  nat: natOf("preserving", { filtering: "port", refusal: "silence" }),
  udp: { mapping: "preserving", filtering: "port" },
  interfaces: ["192.168.1.2", "2001:db8::2"],
  external: ["203.0.113.9"],
  ipv6: { addresses: ["2001:db8::2"], reachable: true, unasked: "silence" },
  hairpinning: false,
  mapping: [{ protocol: "nat-pmp", gateway: "192.168.1.1", state: "mapped" }],
  dht: { online: true, observers: 9, ms: 56 },
  servers: [],
  notes: [],
  line: "skip1 preserving/port/silence v6",
  odds: [
    { peer: "home", odds: 0.99, strategy: "plain" },
    { peer: "web-only", odds: 0, strategy: "none" },
  ],
  verdict: "Connects directly with most networks.",
  ms: 2000,
};

const text = (more: Partial<NetReport> = {}) => reportLines({ ...REPORT, ...more }).join("\n");

Deno.test("reportLines() tells each finding in words, the odds, the verdict, and last the line", () => {
  assertEquals(text().split("\n"), [
    "interfaces     192.168.1.2, 2001:db8::2",
    "IPv4           203.0.113.9",
    "IPv6           2001:db8::2 (works, strangers do not get in)",
    "TCP mapping    endpoint-independent, keeps ports",
    "TCP filtering  address-and-port-dependent",
    "unasked SYN    gets nothing",
    "UDP mapping    endpoint-independent, keeps ports",
    "UDP filtering  address-and-port-dependent",
    "hairpinning    no",
    "port mapping   yes, by NAT-PMP",
    "DHT            reachable; 9 nodes say how they see us",
    "",
    "Odds of a direct connection with",
    "  a home router                                      99 %  plain",
    "  a network that lets out web pages alone             0 %",
    "",
    "Connects directly with most networks.",
    "",
    "skip1 preserving/port/silence v6",
  ]);
});

Deno.test("reportLines() has words for everything that is rare or missing", () => {
  const open = natOf("open", { filtering: "independent" });
  assertMatch(text({ nat: open }), /none: no address translation\n.*anybody gets in\nunasked SYN +gets in\n/);
  const sequence = { next: 40_012, step: -2, rate: 20 };
  assertMatch(
    text({ nat: natOf("sequential", { sequence }) }),
    /the next one \(step -2, 20 other connections a second\)/,
  );
  const block = { first: 2048, last: 4095 };
  assertMatch(text({ nat: natOf("block", { block }) }), /from a block \(2048 to 4095\)/);
  assertMatch(text({ nat: natOf("unknown", { webOnly: true }) }), /\noutwards +ports 80 and 443 alone\n/);
  assertMatch(text({ ipv6: { addresses: [] }, interfaces: [], external: [] }), /IPv4 +none\nIPv6 +none\n/);
  assertMatch(text({ ipv6: { addresses: ["2001:db8::2"] } }), /\(no server to try it with\)/);
  assertMatch(text({ dht: { online: false, observers: 0 } }), /DHT +out of reach/);
  assertMatch(text({ notes: ["one thing", "another"] }), /note +one thing\nnote +another\n/);
});

Deno.test("percent() rounds, and shows as certain only what is", () => {
  assertEquals([0, 0.945, 0.99, 0.998, 1].map(percent), ["0 %", "95 %", "99 %", "99 %", "100 %"]);
});

Deno.test("reportLines() says why the router maps no port", () => {
  const all = (...states: NetReport["mapping"][number]["state"][]) =>
    text({ mapping: states.map((state) => ({ protocol: "pcp", gateway: "192.168.1.1", state })) });
  assertMatch(all("silent", "useless"), /\nport mapping +in vain: another NAT stands before the router\n/);
  assertMatch(all("silent", "lying"), /\nport mapping +in vain: /);
  assertMatch(all("silent", "refused"), /\nport mapping +refused by the router \(PCP\)\n/);
  assertMatch(all("silent"), /\nport mapping +no: the router does not know PCP/);
  assertMatch(all(), /\nport mapping +not asked for\n/);
});
