import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { makeToken, MAX_USES, newTerms, readToken } from "../../lib/access/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";

const NOW = Date.UTC(2026, 10, 26, 12);
const HOUR_MS = 60 * 60 * 1000;
const server = generateIdentity();

Deno.test("readToken() finds the terms again that makeToken() signed", () => {
  for (const uses of [1, 7, MAX_USES]) {
    const terms = newTerms(uses, 24 * HOUR_MS, NOW);
    const token = makeToken(server, terms);
    assertMatch(token, /^A[\w-]{110}$/); // never like a flag
    assertEquals(readToken(token, server.publicKey), terms);
    assertEquals([terms.uses, terms.expires], [uses, NOW + 24 * HOUR_MS]);
  }
});

Deno.test("newTerms() draws another key each time, and ends at a whole second", () => {
  const keys = Array.from({ length: 20 }, () => newTerms(1, HOUR_MS).key);
  assertEquals(new Set(keys).size, 20);
  assertEquals(newTerms(1, 1, NOW).expires, NOW + 1000);
});

Deno.test("newTerms() refuses what is no number of uses, and what is no lifetime", () => {
  for (const uses of [0, -1, 1.5, NaN, MAX_USES + 1]) {
    assertThrows(() => newTerms(uses, HOUR_MS), RangeError, `current value is ${uses}`);
  }
  for (const lifetime of [0, -1, NaN, Infinity, 1e14]) {
    assertThrows(() => newTerms(1, lifetime), RangeError, `current value is ${lifetime}`);
  }
});

Deno.test("readToken() takes no token of another peer", () => {
  const token = makeToken(generateIdentity(), newTerms(1, HOUR_MS));
  assertEquals(readToken(token, server.publicKey), undefined);
});

Deno.test("readToken() takes none in which a character was changed, and no garbage", () => {
  const token = makeToken(server, newTerms(1, HOUR_MS));
  for (let at = 0; at < token.length; at++) {
    const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
    assertEquals(readToken(changed, server.publicKey), undefined, `at ${at}`);
  }
  const garbage = ["", "A", token.slice(1), `${token}A`, "A".repeat(111), "x".repeat(100_000), `${token}\n`];
  for (const text of garbage) assertEquals(readToken(text, server.publicKey), undefined);
});
