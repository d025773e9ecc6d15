import { assertEquals } from "@std/assert";
import { addressesOf, lookupLocalhost } from "../../lib/targets/_localhost.ts";

Deno.test("addressesOf() names both loopback addresses for localhost, and everything else as it is", () => {
  assertEquals(addressesOf("localhost"), ["127.0.0.1", "::1"]);
  assertEquals(addressesOf("nas.local"), ["nas.local"]);
});

Deno.test("lookupLocalhost() answers as a resolver does", () => {
  const answers: unknown[] = [];
  lookupLocalhost("localhost", { all: true }, (...answer) => answers.push(answer));
  lookupLocalhost("localhost", {}, (...answer) => answers.push(answer));
  const both = [{ address: "127.0.0.1", family: 4 }, { address: "::1", family: 6 }];
  assertEquals(answers, [[null, both], [null, "127.0.0.1", 4]]);
});
