import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { RequestView } from "../../lib/tunnel/_request_view.ts";

const view = new RequestView("id.skip.alt", "100::1");
const CREDENTIALS = { "skip-peer": "proof", "skip-token": "token", "x-colour": "blue" };
const pending = new Promise<void>(() => {});

Deno.test("RequestView leaves a request alone that has nothing to hide", () => {
  const request = new Request("https://id.skip.alt/a", { headers: { "x-colour": "blue" } });
  assertStrictEquals(view.of(request, pending), request);
});

Deno.test("RequestView shows the peer's own name in place of the stand-in", () => {
  assertEquals(view.of(new Request("https://[100::1]/a?b"), pending).url, "https://id.skip.alt/a?b");
});

Deno.test("RequestView hides credentials, and keeps everything else", async () => {
  for (const origin of ["https://id.skip.alt", "https://[100::1]"]) {
    const request = new Request(`${origin}/a`, { method: "POST", body: "text", headers: CREDENTIALS });
    const seen = view.of(request, pending);
    for (const each of [seen, seen.clone(), new Request(seen.clone())]) {
      assertEquals([...each.headers.keys()].filter((name) => name.startsWith("skip-")), []);
      assertEquals(each.headers.get("x-colour"), "blue");
    }
    assertEquals([seen.method, await seen.text()], ["POST", "text"]);
  }
});

Deno.test("RequestView keeps the very request where it may become a WebSocket", () => {
  const request = new Request("https://id.skip.alt/", { headers: { ...CREDENTIALS, upgrade: "websocket" } });
  const seen = view.of(request, pending);
  assertStrictEquals(seen, request);
  for (const { headers } of [seen, seen.clone()]) {
    assertEquals([...headers.keys()], ["upgrade", "x-colour"]);
  }
});

Deno.test("RequestView hides credentials also where the method lets no request be made", () => {
  for (const method of ["CONNECT", "TRACE", "TRACK"]) {
    const request = new Request("https://[100::1]/a", { headers: CREDENTIALS });
    Object.defineProperty(request, "method", { value: method }); // as the native server gives it
    const { url, headers } = view.of(request, pending);
    assertEquals([url, [...headers.keys()]], ["https://id.skip.alt/a", ["x-colour"]]);
  }
});

Deno.test("RequestView tells by the signal that the peer has gone", async () => {
  const { promise, reject } = Promise.withResolvers<void>();
  const { signal } = view.of(new Request("https://[100::1]/"), promise);
  const gone = new Error("gone");
  reject(gone);
  await assertRejects(() => promise);
  assertEquals([signal.aborted, signal.reason], [true, gone]);
});
