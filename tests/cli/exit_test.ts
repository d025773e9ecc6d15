import { assertEquals } from "@std/assert";
import { explain, Interrupted, UsageError } from "../../cli/_exit.ts";
import { PeerError, REMEDIES } from "../../lib/errors.ts";

Deno.test("explain() gives each failure its exit code and its word", () => {
  const table: [unknown, number, string][] = [
    [new UsageError("no", "hint"), 2, "usage"],
    [new SyntaxError("no id"), 2, "invalid"],
    [new RangeError("no port"), 2, "invalid"],
    [new PeerError("not-found", ""), 3, "not-found"],
    [new PeerError("unreachable", ""), 4, "unreachable"],
    [new PeerError("no-candidates", ""), 4, "no-candidates"],
    [new PeerError("not-proven", ""), 5, "not-proven"],
    [new PeerError("offline", ""), 1, "offline"],
    [new DOMException("late", "TimeoutError"), 124, "timeout"],
    [new Interrupted(), 130, "interrupted"],
    [new Deno.errors.AddrInUse("taken"), 1, "port-in-use"],
    [new Deno.errors.NotCapable("no"), 1, "permission"],
    [new Error("whatever"), 1, "failed"],
    ["a string", 1, "failed"],
  ];
  for (const [error, exit, code] of table) {
    const failure = explain(error);
    assertEquals([failure.exit, failure.code], [exit, code]);
    assertEquals(failure.what !== "" && failure.hint !== "", true, code);
  }
});

Deno.test("explain() has the remedy of every PeerError", () => {
  for (const code of Object.keys(REMEDIES) as (keyof typeof REMEDIES)[]) {
    assertEquals(explain(new PeerError(code, "why")).hint, REMEDIES[code]);
  }
});
