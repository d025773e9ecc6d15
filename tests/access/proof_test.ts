import { assertEquals, assertMatch } from "@std/assert";
import { makeProof, PROOF_WINDOW_MS, verifyProof } from "../../lib/access/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";

const NOW = Date.UTC(2026, 10, 26, 12);
const HOUR_MS = 60 * 60 * 1000;
const ann = generateIdentity();
const server = generateIdentity();

Deno.test("verifyProof() tells who made a proof", () => {
  const proof = makeProof(ann, server.id, NOW);
  assertMatch(proof, /^[\w-]{162}$/);
  assertEquals(verifyProof(proof, server.id, NOW), { id: ann.id });
});

Deno.test("makeProof() never makes the same text twice", () => {
  assertEquals(new Set(Array.from({ length: 20 }, () => makeProof(ann, server.id, NOW))).size, 20);
});

Deno.test("verifyProof() takes a proof from a clock that is wrong by a day, and none that is much older", () => {
  const table: [hours: number, counts: boolean][] = [
    [0, true],
    [24, true],
    [-24, true],
    [35, true],
    [-35, true],
    [37, false],
    [-37, false],
    [24 * 365, false],
    [-NOW / HOUR_MS, false], // a clock that begins in 1970
  ];
  for (const [hours, counts] of table) {
    const proof = makeProof(ann, server.id, NOW + hours * HOUR_MS);
    const verdict = counts ? { id: ann.id } : { fault: "wrong time" };
    assertEquals(verifyProof(proof, server.id, NOW), verdict as unknown, `${hours} h`);
  }
  assertEquals(PROOF_WINDOW_MS > 24 * HOUR_MS, true);
});

Deno.test("verifyProof() refuses what was meant for somebody else", () => {
  const proof = makeProof(ann, server.id, NOW);
  assertEquals(verifyProof(proof, generateIdentity().id, NOW), { fault: "wrong signature" });
});

Deno.test("verifyProof() refuses a proof in which any byte was changed", () => {
  const proof = makeProof(ann, server.id, NOW);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (let at = 0; at < proof.length; at++) {
    const other = alphabet[(alphabet.indexOf(proof[at]!) + 1) % 64];
    const verdict = verifyProof(proof.slice(0, at) + other + proof.slice(at + 1), server.id, NOW);
    assertEquals("fault" in verdict, true, `at ${at}`);
  }
});

Deno.test("verifyProof() says that garbage is none, whatever it is", () => {
  const proof = makeProof(ann, server.id, NOW);
  const garbage = [
    "",
    "A",
    proof.slice(1),
    proof + "A",
    proof + "\n",
    ` ${proof.slice(1)}`,
    `${proof.slice(0, -1)}=`,
    `${proof.slice(0, -1)}ä`,
    "-".repeat(162),
    "A".repeat(162),
    "x".repeat(100_000),
    `${proof}, ${proof}`, // as two headers of that name are read
  ];
  for (const text of garbage) assertEquals(verifyProof(text, server.id, NOW), { fault: "malformed" });
});
