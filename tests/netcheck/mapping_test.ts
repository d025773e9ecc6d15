import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { formatNat, type Nat } from "../../lib/nat.ts";
import { classifyMapping, type Sighting } from "../../lib/netcheck/mapping.ts";
import { seededRandom } from "../simulation.ts";

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

const RUNS = 2000;
const random = seededRandom(7);
const upTo = (n: number) => Math.floor(random() * n);

/** How many of many random NATs of a kind are recognized. */
function recognized(draw: () => { ports: number[]; isRight: (nat: Nat) => boolean }): number {
  let right = 0;
  for (let i = 0; i < RUNS; i++) {
    const { ports, isRight } = draw();
    if (isRight(classifyMapping(seen(ports), []))) right++;
  }
  return right / RUNS;
}

const drawn = (count: number, first: number, size: number) =>
  Array.from({ length: count }, () => first + upTo(size));

Deno.test("classifyMapping() takes ports drawn from all for no block and no sequence", () => {
  for (const count of [6, 9, 12]) {
    const share = recognized(() => ({
      ports: drawn(count, 1024, 64_512),
      isRight: (nat) => nat.mapping === "random",
    }));
    assertEquals(share, 1, `${count} sightings`);
  }
});

Deno.test("classifyMapping() finds all of a block, wherever carriers begin to cut", () => {
  // Six sightings lie within one half of their block once in 32 times.
  for (const [count, least] of [[6, 0.95], [9, 0.99], [12, 0.999]] as const) {
    for (const origin of [0, 1024]) {
      for (const size of [256, 512, 1024, 2048]) {
        const share = recognized(() => {
          const first = origin + size * (Math.ceil(1024 / size) + upTo(20));
          const holds = ({ block }: Nat) => !!block && block.first <= first && block.last >= first + size - 1;
          return { ports: drawn(count, first, size), isRight: holds };
        });
        assertGreaterOrEqual(share, least, `${count} sightings of ${size} from ${origin}`);
      }
    }
  }
});

Deno.test("classifyMapping() finds step and next port of a sequence, with other flows in between", () => {
  for (const step of [1, -1, 2, -2]) {
    for (const othersPerFlow of [0, 0.1, 0.5]) {
      const share = recognized(() => {
        const ports = [20_000 + upTo(20_000)];
        const next = () => ports.at(-1)! + step * (random() < othersPerFlow ? 2 : 1);
        while (ports.length < 9) ports.push(next());
        return {
          ports,
          isRight: ({ sequence }) => sequence?.step === step && sequence.next === ports.at(-1)! + step,
        };
      });
      // Where others come in between each time, they look like a step that is twice as long.
      assertLessOrEqual(1 - share, othersPerFlow ** 8 + 0.005, `${step}, ${othersPerFlow}`);
    }
  }
});
