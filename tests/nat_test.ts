import { assertEquals } from "@std/assert";
import { formatNat, isEndpointIndependent, type Mapping, type Nat, natOf, parseNat } from "../lib/nat.ts";

const FORMS: readonly (readonly [string, Nat])[] = [
  ["preserving", natOf("preserving")],
  ["open/independent", natOf("open", { filtering: "independent" })],
  ["preserving/port/reset", natOf("preserving", { filtering: "port", refusal: "reset" })],
  [
    "sequential:40012+1@20/port",
    natOf("sequential", {
      filtering: "port",
      sequence: { next: 40012, step: 1, rate: 20 },
    }),
  ],
  ["sequential:40012-2@0", natOf("sequential", { sequence: { next: 40012, step: -2, rate: 0 } })],
  ["block:2048-4095/port", natOf("block", { filtering: "port", block: { first: 2048, last: 4095 } })],
  ["random/port/silence/web", natOf("random", { filtering: "port", refusal: "silence", webOnly: true })],
  ["unknown/unknown/unknown/web", natOf("unknown", { webOnly: true })],
];

Deno.test("formatNat() and parseNat() are each other's inverse", async (t) => {
  for (const [text, nat] of FORMS) {
    await t.step(text, () => {
      assertEquals(formatNat(nat), text);
      assertEquals(parseNat(text), nat);
    });
  }
});

Deno.test("parseNat() gives null for what is no NAT", () => {
  const wrong = [
    "",
    "cone",
    "preserving/",
    "preserving/port/reset/tcp",
    "preserving/port/reset/web/x",
    "preserving:1-2",
    "sequential:0+1@1",
    "sequential:70000+1@1",
    "sequential:5000+0@1",
    "sequential:5000+1",
    "block:9-8",
    "block:0-8",
    "block:1-2-3",
    `random/${"port/".repeat(40)}`,
  ];
  assertEquals(wrong.map(parseNat), wrong.map(() => null));
});

Deno.test("isEndpointIndependent() is true of NATs that show one socket as one port to everybody", () => {
  const mappings: Mapping[] = ["open", "preserving", "independent"];
  const others: Mapping[] = ["sequential", "block", "random", "dependent", "unknown"];
  assertEquals(mappings.map((one) => isEndpointIndependent(natOf(one))), [true, true, true]);
  assertEquals(others.some((one) => isEndpointIndependent(natOf(one))), false);
});
