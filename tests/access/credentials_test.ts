import { assertEquals, assertNotEquals } from "@std/assert";
import { Credentials, verifyProof } from "../../lib/access/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";

const NOW = Date.UTC(2026, 10, 26, 12);
const identity = generateIdentity();
const audience = generateIdentity().id;

Deno.test("Credentials prove the id to their audience, and bring the token", () => {
  const plain = new Credentials({ identity, audience }).headers(NOW);
  assertEquals(plain.map(([name]) => name), ["skip-peer"]);
  assertEquals(verifyProof(plain[0]![1], audience, NOW), { id: identity.id });
  const invited = new Credentials({ identity, audience, token: "T" }).headers(NOW);
  assertEquals(invited[1], ["skip-token", "T"]);
});

Deno.test("Credentials make a proof anew before it is old, also when the clock was set back", () => {
  const credentials = new Credentials({ identity, audience });
  const proofAt = (minutes: number) => credentials.headers(NOW + minutes * 60_000)[0]![1];
  const first = proofAt(0);
  assertEquals(proofAt(9), first);
  assertNotEquals(proofAt(11), first);
  const later = proofAt(12);
  assertNotEquals(proofAt(-60), later);
});
