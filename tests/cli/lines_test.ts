import { assertEquals } from "@std/assert";
import { lines } from "../../cli/_lines.ts";

async function read(...chunks: (string | Uint8Array)[]): Promise<string[]> {
  const bytes = chunks.map((c) => typeof c === "string" ? new TextEncoder().encode(c) : c);
  return await Array.fromAsync(lines(ReadableStream.from(bytes)));
}

Deno.test("lines() splits where the lines end, not where the chunks do", async () => {
  assertEquals(await read("a\nb", "c\r\n", "\nd"), ["a", "bc", "", "d"]);
  assertEquals(await read(), []);
  assertEquals(await read("one\n"), ["one"]);
});

Deno.test("lines() reads a character that two chunks share", async () => {
  const [first, ...rest] = new TextEncoder().encode("é\n");
  assertEquals(await read(Uint8Array.of(first!), Uint8Array.from(rest)), ["é"]);
});

Deno.test("lines() leaves out a byte order mark at the beginning, and no other", async () => {
  const [mark] = [new TextEncoder().encode("\ufeff")];
  assertEquals(await read(mark.subarray(0, 1), mark.subarray(1), "a\n\ufeffb"), ["a", "\ufeffb"]);
  assertEquals(await read("a", "\ufeffb\n", "\ufeffc"), ["a\ufeffb", "\ufeffc"]);
});

Deno.test("lines() cuts a line without end", async () => {
  const parts = await read("x".repeat(2_500_000));
  assertEquals(parts.map((p) => p.length), [1_048_576, 1_048_576, 402_848]);
});
