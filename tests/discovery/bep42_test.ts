import { assertEquals } from "@std/assert";
import { isNodeIdFor, nodeIdFor, Observations } from "../../lib/discovery/bep42.ts";

/** The examples of BEP 42. */
const EXAMPLES: [address: string, id: string][] = [
  ["124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"],
  ["21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"],
  ["65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616"],
  ["84.124.73.14", "1b0321dd1bb1fe518101ceef99462b947a01ff41"],
  ["43.213.53.83", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"],
];

for (const [address, id] of EXAMPLES) {
  Deno.test(`isNodeIdFor() agrees with BEP 42 on ${address}`, () => {
    const bytes = Uint8Array.fromHex(id);
    assertEquals(isNodeIdFor(address, bytes), true);
    for (const [other] of EXAMPLES) assertEquals(isNodeIdFor(other, bytes), other === address);
    // Only the first 21 bits count.
    bytes[2]! ^= 7;
    assertEquals(isNodeIdFor(address, bytes), true);
    bytes[2]! ^= 8;
    assertEquals(isNodeIdFor(address, bytes), false);
  });
}

Deno.test("nodeIdFor() makes different ids that fit", () => {
  const ids = Array.from({ length: 50 }, () => nodeIdFor("124.31.75.21"));
  assertEquals(ids.every((id) => id.length === 20 && isNodeIdFor("124.31.75.21", id)), true);
  assertEquals(new Set(ids.map((id) => id.toHex())).size, 50);
});

Deno.test("isNodeIdFor() accepts any id where there are no public addresses", () => {
  for (const address of ["127.0.0.1", "10.0.0.1", "192.168.1.1"]) {
    assertEquals(isNodeIdFor(address, new Uint8Array(20)), true);
  }
});

const observer = (hostname: string) => ({ hostname, port: 6881 });
const OURS = { hostname: "203.0.113.9", port: 4000 };
const LIE = { hostname: "198.51.100.1", port: 1 };

Deno.test("Observations keep the newest word of each observer, newest last", () => {
  const observations = new Observations();
  observations.add(observer("11.0.0.1"), LIE);
  observations.add(observer("12.0.0.1"), OURS);
  observations.add(observer("11.0.0.1"), OURS);
  assertEquals(observations.list(), [
    { observer: observer("12.0.0.1"), observed: OURS },
    { observer: observer("11.0.0.1"), observed: OURS },
  ]);
});

Deno.test("Observations are bounded", () => {
  const observations = new Observations();
  for (let i = 0; i < 1000; i++) observations.add(observer(`11.0.${i >> 8}.${i & 255}`), OURS);
  assertEquals(observations.list().length, 64);
  assertEquals(observations.list().at(-1)?.observer.hostname, "11.0.3.231");
});

Deno.test("Observations.address() is sure once three networks agree", () => {
  const observations = new Observations();
  assertEquals(observations.address(), undefined);
  observations.add(observer("11.1.0.1"), OURS);
  observations.add(observer("11.2.0.1"), OURS);
  assertEquals(observations.address(), { address: OURS.hostname, sure: false });
  observations.add(observer("11.3.0.1"), OURS);
  assertEquals(observations.address(), { address: OURS.hostname, sure: true });
  observations.clear();
  assertEquals(observations.address(), undefined);
});

Deno.test("Observations.address() is not swayed by many liars in one network", () => {
  const observations = new Observations();
  for (let i = 1; i < 40; i++) observations.add(observer(`66.66.0.${i}`), LIE);
  for (let i = 1; i < 4; i++) observations.add(observer(`11.${i}.0.1`), OURS);
  assertEquals(observations.address(), { address: OURS.hostname, sure: true });
});

Deno.test("Observations.address() is not sure of what a third of the networks deny", () => {
  const observations = new Observations();
  for (let i = 1; i <= 3; i++) observations.add(observer(`66.${i}.0.1`), LIE);
  assertEquals(observations.address(), { address: LIE.hostname, sure: true }); // nobody else has said anything
  observations.add(observer("11.1.0.1"), OURS);
  for (let i = 2; i <= 5; i++) {
    observations.add(observer(`11.${i}.0.1`), OURS);
    assertEquals(observations.address()?.sure, false);
  }
  observations.add(observer("11.6.0.1"), OURS);
  assertEquals(observations.address(), { address: OURS.hostname, sure: true });
});
