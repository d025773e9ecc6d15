import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../cli/_exit.ts";
import { readFlags } from "../../cli/_flags.ts";
import { bootstrapText, readBootstrap, readPort, readStun } from "../../cli/_network_flags.ts";

const TABLE = { string: ["port"], collect: ["bootstrap"], positional: [0, 0] as const };

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

Deno.test("bootstrapText() is what the other side has to type to be in the same network", () => {
  assertEquals(bootstrapText(undefined, 7000), "");
  assertEquals(bootstrapText([], 7000), " --bootstrap THIS-HOST:7000");
  assertEquals(bootstrapText(["a:1", "b:2"], 7000), " --bootstrap a:1 --bootstrap b:2");
});

Deno.test("readStun() tells the public list, none, and servers apart", () => {
  const table = { boolean: ["no-stun"], collect: ["stun"], positional: [0, 0] as const };
  const read = (...args: string[]) => readStun(readFlags("serve", args, table));
  assertEquals(read(), undefined);
  assertEquals(read("--no-stun"), []);
  assertEquals(read("--stun", "a.example:3478", "--stun", "[2001:db8::1]:443"), [
    "a.example:3478",
    "[2001:db8::1]:443",
  ]);
  for (const bad of [["--stun", "host"], ["--stun", "host:0"], ["--stun", "a:1", "--no-stun"]]) {
    assertThrows(() => read(...bad), UsageError, "--", bad.join());
  }
});
