import { assert, assertEquals, assertThrows } from "@std/assert";
import { npmSpecifiers, standIn } from "../../tools/std_stand_in.ts";

Deno.test("standIn() replaces the packages of @std and leaves the others", () => {
  const { imports, modules } = standIn({
    "@std/assert": "jsr:@std/assert@^1.0.19",
    "z32": "npm:z32@^1.1.0",
  });
  assertEquals(imports, { "@std/assert": "./std/assert.js", "z32": "npm:z32@^1.1.0" });
  assertEquals(Object.keys(modules), ["std/assert.js"]);
});

Deno.test("standIn() refuses a package that it does not know", () => {
  assertThrows(() => standIn({ "@std/yaml": "jsr:@std/yaml@^1.0.0" }), Error, "@std/yaml");
});

Deno.test("npmSpecifiers() lists what must be cached before there is no network", () => {
  const specifiers = npmSpecifiers(standIn({ "@std/cli": "jsr:@std/cli@^1.0.32", "z32": "npm:z32@^1.1.0" }));
  assertEquals(specifiers[0], "npm:z32@^1.1.0");
  assert(specifiers.length > 1);
  assert(specifiers.every((specifier) => specifier.startsWith("npm:")));
});
