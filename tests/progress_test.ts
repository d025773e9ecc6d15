import { assertEquals } from "@std/assert";
import { pathKind, pathKindOf, type Progress, reporter } from "../lib/progress.ts";

Deno.test("pathKind() is that of the candidate, and ipv6 for any IPv6 path", () => {
  assertEquals(pathKind({ kind: "host", hostname: "10.0.0.1", port: 1 }), "host");
  assertEquals(pathKind({ kind: "mapped", hostname: "9.9.9.9", port: 1 }), "mapped");
  assertEquals(pathKind({ kind: "reflexive", hostname: "2001:db8::1", port: 1 }), "ipv6");
});

Deno.test("reporter() passes events on, and what the receiver throws no further", () => {
  const seen: Progress[] = [];
  const report = reporter((event) => {
    seen.push(event);
    throw new Error("careless");
  });
  report({ type: "open", ms: 1 });
  assertEquals(seen, [{ type: "open", ms: 1 }]);
  reporter(undefined)({ type: "open", ms: 1 });
});

Deno.test("pathKindOf() tells from the address alone", () => {
  const kinds = ["10.0.0.1", "127.0.0.1", "9.9.9.9", "fd00::1"].map((hostname) =>
    pathKindOf({ hostname, port: 1 })
  );
  assertEquals(kinds, ["host", "host", "reflexive", "ipv6"]);
});
