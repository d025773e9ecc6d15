import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../cli/_exit.ts";
import { readFlags, readNumber } from "../../cli/_flags.ts";

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

Deno.test("readFlags() knows no flag by the name that the parser keeps for itself", () => {
  for (const arg of ["--_", "--_=1", "--no-_", "--no-_=1", "-_", "-_x", "--__proto__"]) {
    assertEquals(hintOf([arg, "7"]), "See skip help serve.");
  }
  assertEquals(readFlags("serve", ["--", "--_"], TABLE).positional, ["--_"]);
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
