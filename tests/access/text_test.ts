import { assertEquals } from "@std/assert";
import { bytesToText, textToBytes } from "../../lib/access/_text.ts";

Deno.test("textToBytes() reads what bytesToText() writes, at every length", () => {
  for (let length = 1; length < 70; length++) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    assertEquals(textToBytes(bytesToText(bytes), length), bytes);
  }
});

Deno.test("textToBytes() takes no other spelling of the same bytes", () => {
  const table: [text: string, length: number][] = [
    ["AQJ", 2], // stray bits
    ["AQI=", 2],
    [" AQI", 2],
    ["A QI", 3],
    ["AQ+/", 3],
    ["AQ\nI", 3],
    ["AQI", 3],
    ["AQI", 1],
    ["", 1],
  ];
  for (const [text, length] of table) assertEquals(textToBytes(text, length), undefined, text);
  assertEquals(textToBytes("AQI", 2), Uint8Array.of(1, 2));
});
