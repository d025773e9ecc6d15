import { assertEquals } from "@std/assert";
import { isUnreachable, noDirectPath, noPath } from "../lib/_path_errors.ts";
import { PeerError } from "../lib/errors.ts";
import { natOf } from "../lib/nat.ts";
import { outlook } from "../lib/punch/mod.ts";

const AT = [{ hostname: "203.0.113.9", port: 5000 }];

Deno.test("noPath() tells silence from a taker who says nothing, and either from an impostor", () => {
  const silent = new PeerError("not-proven", "nothing", { cause: new DOMException("late", "TimeoutError") });
  const impostor = new PeerError("not-proven", "somebody else");
  const start = "Cannot reach the peer:", end = "within 10 s at 203.0.113.9:5000";
  assertEquals(noPath(AT, []).message, `${start} no path opened ${end}`);
  assertEquals(noPath(AT, [silent]).message, `${start} whoever took the connection said nothing ${end}`);
  assertEquals(noPath(AT, [silent, impostor]), impostor);
  const cut = new PeerError("not-proven", "cut off", { cause: new Deno.errors.ConnectionReset("reset") });
  assertEquals([cut, silent].map((error) => noPath(AT, [error]).code), ["unreachable", "unreachable"]);
});

Deno.test("isUnreachable() is true of silence alone", () => {
  const none = noDirectPath(outlook(natOf("random"), natOf("random")));
  assertEquals([noPath(AT, []), none, new Error("x")].map(isUnreachable), [true, false, false]);
  assertEquals(none.code, "no-direct-path");
});
