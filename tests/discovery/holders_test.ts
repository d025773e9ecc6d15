import { assertEquals } from "@std/assert";
import { Holders } from "../../lib/discovery/holders.ts";
import type { Reply } from "../../lib/discovery/types.ts";

function reply(number: number, token?: string): Reply {
  const from = { id: new Uint8Array(20).fill(number), hostname: `11.0.0.${number}`, port: 1 };
  return {
    from,
    nodes: [],
    values: [],
    rttMs: 1,
    ...(token && { token: new TextEncoder().encode(token) }),
  };
}

const numbers = (holders: readonly { contact: { id: Uint8Array } }[]) => holders.map((h) => h.contact.id[0]);

Deno.test("Holders keeps what a walk found, at most 24, and names the newcomers", () => {
  const holders = new Holders();
  assertEquals(numbers(holders.replace([reply(1, "a"), reply(2, "b")])), [1, 2]);
  const many = Array.from({ length: 30 }, (_, i) => reply(i + 2, "x"));
  const all = Array.from({ length: 24 }, (_, i) => i + 2);
  assertEquals(numbers(holders.replace(many)), all.slice(1));
  assertEquals(numbers(holders.list), all);
});

Deno.test("Holders keeps what it has when a walk found nobody", () => {
  const holders = new Holders();
  holders.replace([reply(1, "a")]);
  assertEquals(holders.replace([]), []);
  assertEquals(numbers(holders.list), [1]);
});

Deno.test("Holders takes the token of the newest answer", () => {
  const holders = new Holders();
  holders.replace([reply(1, "old"), reply(2)]);
  assertEquals(numbers(holders.writable), [1]);
  holders.heard(reply(1, "new"));
  holders.heard(reply(2, "first"));
  holders.heard(reply(3, "stranger"));
  assertEquals(holders.writable.map((h) => new TextDecoder().decode(h.token)), ["new", "first"]);
});

Deno.test("Holders drops a node that did not answer four times in a row", () => {
  const holders = new Holders();
  holders.replace([reply(1, "a"), reply(2, "b")]);
  for (let i = 0; i < 3; i++) holders.silent(reply(1).from);
  holders.heard(reply(1));
  for (let i = 0; i < 3; i++) holders.silent(reply(1).from);
  assertEquals(numbers(holders.list), [1, 2]);
  holders.silent(reply(1).from);
  assertEquals(numbers(holders.list), [2]);
});

Deno.test("Holders names next whom was polled longest ago, newcomers first", () => {
  const holders = new Holders();
  assertEquals(holders.next(), undefined);
  holders.replace([reply(1), reply(2)]);
  for (const at of [10, 20]) holders.next()!.polledAt = at;
  assertEquals(holders.next()!.contact.id[0], 1);
  holders.replace([reply(1), reply(2), reply(3)]);
  assertEquals(holders.next()!.contact.id[0], 3);
});
