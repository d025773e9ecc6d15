import { assertEquals } from "@std/assert";
import { reflect } from "../../lib/candidates/mod.ts";
import type { Observation } from "../../lib/discovery/mod.ts";
import { natOf } from "../../lib/nat.ts";

/** Each observer `ADDR` saw us at `ADDR:PORT`. */
function seen(...observations: [observer: string, address: string, port: number][]): Observation[] {
  return observations.map(([observer, hostname, port]) => ({
    observer: { hostname: observer, port: 6881 },
    observed: { hostname, port },
  }));
}

Deno.test("reflect() knows nothing when nobody has said anything", () => {
  assertEquals(reflect([], 5000, []), { nat: natOf("unknown"), votes: { winning: 0, all: 0 } });
});

Deno.test("reflect() finds each class of NAT", () => {
  const table: [string, Observation[], string[]][] = [
    ["open", seen(["1.1.0.1", "9.9.9.9", 5000], ["2.2.0.1", "9.9.9.9", 5000]), ["9.9.9.9"]],
    ["preserving", seen(["1.1.0.1", "9.9.9.9", 5000], ["2.2.0.1", "9.9.9.9", 5000]), ["10.0.0.2"]],
    ["independent", seen(["1.1.0.1", "9.9.9.9", 7777], ["2.2.0.1", "9.9.9.9", 7777]), ["10.0.0.2"]],
    ["dependent", seen(["1.1.0.1", "9.9.9.9", 7001], ["2.2.0.1", "9.9.9.9", 7002]), ["10.0.0.2"]],
    ["unknown", seen(["1.1.0.1", "9.9.9.9", 5000]), ["10.0.0.2"]],
  ];
  for (const [nat, observations, own] of table) {
    assertEquals(reflect(observations, 5000, own).nat.mapping, nat, nat);
  }
});

Deno.test("reflect() gives one vote to each /16, so that many nodes at one place cannot decide", () => {
  const liars = Array.from(
    { length: 50 },
    (_, i): [string, string, number] => [`6.6.0.${i + 1}`, "6.6.6.6", 1],
  );
  const honest: [string, string, number][] = [["1.1.0.1", "9.9.9.9", 5000], ["2.2.0.1", "9.9.9.9", 5000]];
  const { observed, votes } = reflect(seen(...liars, ...honest), 5000, []);
  assertEquals(observed, { hostname: "9.9.9.9", port: 5000 });
  assertEquals(votes, { winning: 2, all: 3 });
});

Deno.test("reflect() is not misled by one node that reports another port", () => {
  const observations = seen(
    ["1.1.0.1", "9.9.9.9", 5000],
    ["2.2.0.1", "9.9.9.9", 5000],
    ["3.3.0.1", "9.9.9.9", 5000],
    ["4.4.0.1", "9.9.9.9", 1],
  );
  assertEquals(reflect(observations, 5000, []).nat.mapping, "preserving");
});
