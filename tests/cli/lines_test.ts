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

Deno.test("lines() cuts a line without end", async () => {
  const parts = await read("x".repeat(2_500_000));
  assertEquals(parts.map((p) => p.length), [1_048_576, 1_048_576, 402_848]);
});
