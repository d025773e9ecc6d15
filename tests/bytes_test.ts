import { assertEquals } from "@std/assert";
import { concat, equalBytes, utf8 } from "../lib/bytes.ts";

Deno.test("concat() joins the parts in order", () => {
  assertEquals(concat(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)), Uint8Array.of(1, 2, 3));
  assertEquals(concat(), new Uint8Array());
});

Deno.test("equalBytes() compares length and content", () => {
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)), false);
});

Deno.test("utf8() encodes", () => assertEquals(utf8("ü"), Uint8Array.of(0xc3, 0xbc)));
