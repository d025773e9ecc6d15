import { assertEquals, assertInstanceOf } from "@std/assert";
import { PeerError, type PeerErrorCode, REMEDIES } from "../lib/errors.ts";

Deno.test("PeerError tells its code, its cause and what to do", () => {
  const cause = new Error("ECONNRESET");
  const error = new PeerError("tunnel-failed", "Cannot open the WebSocket: it broke", { cause });
  assertInstanceOf(error, Error);
  assertEquals([error.name, error.code, error.cause], ["PeerError", "tunnel-failed", cause]);
  assertEquals(error.remedy, REMEDIES["tunnel-failed"]);
  assertEquals(String(error), "PeerError: Cannot open the WebSocket: it broke");
});

Deno.test("PeerError has one remedy of one sentence for each code, as its documentation lists them", async () => {
  const source = await Deno.readTextFile(new URL("../lib/errors.ts", import.meta.url));
  const documented = [...source.matchAll(/^ \* \| `([a-z-]+)` \|/gm)].map((match) => match[1]!);
  assertEquals(documented, Object.keys(REMEDIES));
  for (const [code, remedy] of Object.entries(REMEDIES)) {
    assertEquals(/^[A-Z][^.]*\.$/.test(remedy), true, `${code}: ${remedy}`);
    assertEquals(new PeerError(code as PeerErrorCode, "x").remedy, remedy);
  }
});
