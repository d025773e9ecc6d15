import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { generateIdentity, Identity, parsePeerId, verifyBytes } from "../../lib/identity/mod.ts";

const SEED = Uint8Array.fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

Deno.test("Identity has the public key of RFC 8032, and the id that stands for it", () => {
  const identity = new Identity(SEED);
  assertEquals(identity.id, "47pjoycnsrfmxikm95jh13y88e8qnhzu5kungjpxyepgt7a8krpy");
  assertEquals(parsePeerId(identity.id).publicKey, identity.publicKey);
});

Deno.test("Identity signs, and only its own key verifies that", () => {
  const identity = generateIdentity();
  const message = new TextEncoder().encode("hello");
  const signature = identity.sign(message);
  assertEquals(verifyBytes(identity.publicKey, message, signature), true);
  assertEquals(verifyBytes(generateIdentity().publicKey, message, signature), false);
});

Deno.test("Identity refuses a seed of another length", () => {
  for (const length of [0, 31, 33, 64]) {
    assertThrows(() => new Identity(new Uint8Array(length)), RangeError, `${length}`);
  }
});

Deno.test("Identity never shows its secret by itself", () => {
  const identity = new Identity(SEED);
  const shown = [
    Deno.inspect(identity, { showHidden: true, depth: 10 }),
    JSON.stringify(identity),
    String(identity),
    JSON.stringify({ ...identity }),
    Object.getOwnPropertyNames(identity).join(),
  ].join("\n");
  for (const form of [SEED.toHex(), SEED.toBase64(), [...SEED].join(",")]) {
    assertEquals(shown.replace(/\s/g, "").includes(form), false, shown);
  }
  for (const part of ["157, 97, 177", '"0":157', "PRIVATE"]) assertEquals(shown.includes(part), false, shown);
});

Deno.test("exportSeed() gives a copy from which the same identity is made", () => {
  const identity = new Identity(SEED);
  const seed = identity.exportSeed();
  assertEquals(new Identity(seed).id, identity.id);
  seed.fill(0);
  assertEquals(identity.exportSeed(), SEED);
});

Deno.test("Identity does not change when the seed it was made from does", () => {
  const seed = SEED.slice();
  const identity = new Identity(seed);
  seed.fill(0);
  assertEquals(identity.exportSeed(), SEED);
});

Deno.test("generateIdentity() never gives the same twice", () => {
  assertNotEquals(generateIdentity().id, generateIdentity().id);
});
