import { assertEquals, assertMatch } from "@std/assert";
import { explain, Interrupted, KeyFileError, permissionRemedy, UsageError } from "../../cli/_exit.ts";
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
    [new PeerError("denied", ""), 6, "denied"],
    [new PeerError("offline", ""), 1, "offline"],
    [new DOMException("late", "TimeoutError"), 124, "timeout"],
    [new Interrupted(), 130, "interrupted"],
    [new Deno.errors.AddrInUse("taken"), 1, "port-in-use"],
    [new Deno.errors.NotCapable("no"), 1, "permission"],
    [new Deno.errors.PermissionDenied("no"), 1, "forbidden"],
    [Object.assign(new Error("listen EACCES"), { code: "EACCES" }), 1, "forbidden"],
    [new Deno.errors.AddrNotAvailable("no"), 1, "listen"],
    [Object.assign(new Error("bind EADDRNOTAVAIL"), { code: "EADDRNOTAVAIL" }), 1, "listen"],
    [undefined, 1, "failed"],
    [null, 1, "failed"],
    [new KeyFileError("/home/ann/key", new SyntaxError("no key")), 1, "key-file"],
    [new TypeError("a mistake of ours"), 1, "failed"],
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

Deno.test("KeyFileError names the file, and the remedy that fits", () => {
  const table: [Error, RegExp, RegExp][] = [
    [new Deno.errors.NotADirectory("Not a directory (os error 20)"), /: \/a\/key$/, /--identity FILE/],
    [new SyntaxError("not a private key: /a/key"), /^not a private key: \/a\/key$/, /backup/],
    [new Deno.errors.PermissionDenied("run: chmod 600 /a/key"), /\/a\/key$/, /^Run: chmod 600 \/a\/key$/],
  ];
  for (const [cause, why, hint] of table) {
    const failure = explain(new KeyFileError("/a/key", cause));
    assertMatch(failure.why, why);
    assertMatch(failure.hint, hint);
  }
});

Deno.test("permissionRemedy() names the flag for what Deno says is missing", () => {
  const table: [message: string, remedy: RegExp][] = [
    ['Requires net access to "0.0.0.0:0", run again with the --allow-net flag', /^Add --allow-net to/],
    ['Requires sys access to "networkInterfaces", run again …', /^Add --allow-sys to/],
    [
      'Requires all access to "/dev/shm/key.pem", run again with the --allow-all flag',
      /^Name a file elsewhere/,
    ],
    ["something else", /^Run with what each command needs: skip help permissions\.$/],
  ];
  for (const [message, remedy] of table) assertMatch(permissionRemedy(message), remedy);
});
