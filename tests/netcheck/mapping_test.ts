import { assertEquals } from "@std/assert";
import { formatNat } from "../../lib/nat.ts";
import { classifyMapping, type Sighting } from "../../lib/netcheck/mapping.ts";

const HERE = "203.0.113.9";
const SERVERS = ["11.10.0.10", "21.10.0.11"];

/** Two local ports, each towards every server in turn, 5 ms apart. */
function seen(external: readonly number[], address = HERE): Sighting[] {
  return external.map((port, i) => ({
    localPort: 40_000 + Math.floor(i / SERVERS.length),
    destination: SERVERS[i % SERVERS.length]!,
    external: { hostname: address, port },
    atMs: i * 5,
  }));
}

const TABLE: [name: string, sightings: Sighting[], text: string][] = [
  ["nobody answered", [], "unknown"],
  ["the address is our own", seen([40_000, 40_000, 40_001, 40_001], "192.0.2.5"), "open"],
  ["the port stays", seen([40_000, 40_000, 40_001, 40_001]), "preserving"],
  ["one sighting of the same port", seen([40_000]), "preserving"],
  ["another port, the same for both", seen([9000, 9000, 17_000, 17_000]), "independent"],
  ["one server cannot tell", seen([9000, 9000]).slice(0, 1), "unknown"],
  ["too few to find a rule", seen([9000, 9001]), "dependent"],
  ["one up", seen([9000, 9001, 9002, 9003, 9004, 9005]), "sequential:9006+1@0"],
  ["two down", seen([9010, 9008, 9006, 9004, 9002, 9000]), "sequential:8998-2@0"],
  ["others in between", seen([9000, 9001, 9003, 9004, 9005, 9006]), "sequential:9007+1@40"],
  ["a block", seen([9000, 8200, 9900, 8300, 9100, 10_100]), "block:8192-10239"],
  ["all ports", seen([9000, 52_000, 1500, 33_000, 60_000, 21_000]), "random"],
  [
    "two addresses for one port",
    [...seen([40_000]), ...seen([40_000, 40_000], "198.51.100.7").slice(1)],
    "dependent",
  ],
  [
    "two addresses, one for each port",
    [...seen([40_000, 40_000]), ...seen([1, 1, 40_001, 40_001], "198.51.100.7").slice(2)],
    "preserving",
  ],
  ["no next port is left", seen([65_531, 65_532, 65_533, 65_534, 65_535]), "block:65472-65535"],
];

Deno.test("classifyMapping() finds the rule behind what servers saw", () => {
  for (const [name, sightings, text] of TABLE) {
    assertEquals(formatNat(classifyMapping(sightings, ["192.0.2.5"])), text, name);
  }
});

Deno.test("classifyMapping() goes by the time of the SYNs, not of the answers", () => {
  const sightings = seen([9000, 9001, 9002, 9003, 9004, 9005]).reverse();
  assertEquals(formatNat(classifyMapping(sightings, [])), "sequential:9006+1@0");
});
