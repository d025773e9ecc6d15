import { assertEquals } from "@std/assert";
import { Troubles } from "./_troubles.ts";

Deno.test("a trouble is named while it is on, and for as long as it is felt", () => {
  let now = 0;
  const troubles = new Troubles(() => now);
  assertEquals(troubles.since(0), []);
  now = 1000;
  const end = troubles.begin("loss");
  now = 2000;
  assertEquals(troubles.since(1500), ["loss"], "on all the time");
  assertEquals(troubles.since(0), ["loss"], "on for a part of it");
  end(500);
  now = 9000;
  assertEquals(troubles.since(2400), ["loss"], "still felt");
  assertEquals(troubles.since(2600), [], "long over");
});

Deno.test("troubles of one kind are named once", () => {
  const troubles = new Troubles(() => 0);
  for (const name of ["loss", "unplugged", "loss"]) troubles.begin(name);
  assertEquals(troubles.since(0), ["loss", "unplugged"]);
});

Deno.test("a trouble explains what was noticed during it, for a while", () => {
  let now = 1000;
  const troubles = new Troubles(() => now);
  const end = troubles.begin("NAT forgets");
  end(100);
  now = 1500;
  assertEquals(troubles.at(900, 60_000), [], "before it");
  assertEquals(troubles.at(1100, 60_000), ["NAT forgets"]);
  assertEquals(troubles.at(1101, 60_000), [], "after it");
  now = 61_100;
  assertEquals(troubles.at(1050, 60_000), ["NAT forgets"]);
  now = 61_101;
  assertEquals(troubles.at(1050, 60_000), [], "whatever it brought about should be over");
});
