import { assertEquals, assertRejects } from "@std/assert";
import { resolveName } from "../../lib/discovery/resolve_name.ts";

const NEVER = new AbortController().signal;

Deno.test("resolveName() takes an address for itself", async () => {
  assertEquals(await resolveName("203.0.113.9", NEVER), ["203.0.113.9"]);
});

Deno.test("resolveName() gives nothing for IPv6, which this node does not speak", async () => {
  assertEquals(await resolveName("2001:db8::1", NEVER), []);
});

Deno.test("resolveName() knows localhost", async () => {
  assertEquals(await resolveName("localhost", NEVER), ["127.0.0.1"]);
});

Deno.test("resolveName() rejects with the signal's reason", async () => {
  const reason = new Error("enough");
  assertEquals(await assertRejects(() => resolveName("nohost.invalid", AbortSignal.abort(reason))), reason);
});
