import { assert, assertEquals } from "@std/assert";
import { descriptorBudget } from "../../lib/punch/mod.ts";

Deno.test("descriptorBudget() is half of what the limit leaves, and never nothing", () => {
  assertEquals([descriptorBudget(1024), descriptorBudget(4096), descriptorBudget(64)], [384, 1920, 16]);
  assert(descriptorBudget() >= 16);
});
