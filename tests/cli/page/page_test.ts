import { assert, assertEquals, assertMatch } from "@std/assert";
import { pageResponse } from "../../../cli/page/mod.ts";

Deno.test("pageResponse() lets its own style and script run, and nothing else", async () => {
  const response = await pageResponse();
  const page = await response.text();
  const policy = response.headers.get("content-security-policy")!;
  assertMatch(policy, /^default-src 'none'; /);
  assert(!/unsafe|\*|https?:/.test(policy), policy);
  for (const [, name, text] of page.matchAll(/<(style|script)>([\s\S]*?)<\/\1>/g)) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    assert(policy.includes(`${name}-src 'sha256-${new Uint8Array(digest).toBase64()}'`), name);
  }
});

Deno.test("pageResponse() is HTML of some kilobytes", async () => {
  const response = await pageResponse();
  assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
  const { byteLength } = await response.arrayBuffer();
  assert(byteLength < 32_000, `${byteLength}`);
});
