import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../cli/_exit.ts";
import { readFlags, readNumber } from "../../cli/_flags.ts";
import { readBootstrap, readPort } from "../../cli/_network_flags.ts";

const TABLE = {
  boolean: ["json", "ephemeral"],
  string: ["port", "identity"],
  collect: ["bootstrap"],
  positional: [0, 1] as const,
};

function hintOf(args: string[]): string {
  return assertThrows(() => readFlags("serve", args, TABLE), UsageError).hint;
}

Deno.test("readFlags() reads switches, values, lists and arguments", () => {
  const flags = readFlags(
    "serve",
    ["7", "--json", "--port=80", "--bootstrap", "a:1", "--bootstrap", "b:2"],
    TABLE,
  );
  assertEquals([flags.has("json"), flags.has("ephemeral")], [true, false]);
  assertEquals([flags.value("port"), flags.value("identity")], ["80", undefined]);
  assertEquals(flags.values("bootstrap"), ["a:1", "b:2"]);
  assertEquals(flags.positional, ["7"]);
});

Deno.test("readFlags() suggests the nearest flag for a mistyped one", () => {
  assertEquals(hintOf(["--epehmeral"]), "Did you mean --ephemeral?");
  assertEquals(hintOf(["--prot", "80"]), "Did you mean --port?");
  assertEquals(hintOf(["--something-else"]), "See skip help serve.");
});

Deno.test("readFlags() refuses missing values, repeated values and too many arguments", () => {
  for (const args of [["--port"], ["--port="], ["--port", "1", "--port", "2"], ["a", "b"]]) hintOf(args);
  assertThrows(() => readFlags("connect", [], { positional: [1, 1] }), UsageError, "needs an argument");
});

Deno.test("readNumber() refuses what is no whole number within bounds", () => {
  assertEquals(readNumber("port", "65535", 0, 65535), 65535);
  for (const text of ["65536", "-1", "1.5", "1e3", "0x10", "", "ten"]) {
    assertThrows(() => readNumber("port", text, 0, 65535), UsageError, "--port");
  }
});

Deno.test("readBootstrap() tells the public list, none, and nodes apart", () => {
  const read = (...args: string[]) => readBootstrap(readFlags("serve", args, TABLE));
  assertEquals(read(), undefined);
  assertEquals(read("--bootstrap", "none"), []);
  assertEquals(read("--bootstrap", "dht.example:6881"), ["dht.example:6881"]);
  for (const bad of [["host"], ["host:0"], ["host:99999"], ["none", "a:1"], ["http://a:1"]]) {
    assertThrows(
      () => read(...bad.flatMap((b) => ["--bootstrap", b])),
      UsageError,
      "--bootstrap",
      bad.join(),
    );
  }
});

Deno.test("readPort() is any port without the flag", () => {
  assertEquals(readPort(readFlags("serve", [], TABLE)), 0);
  assertThrows(() => readPort(readFlags("serve", ["--port", "70000"], TABLE)), UsageError);
});
