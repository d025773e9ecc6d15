import { assert, assertEquals } from "@std/assert";
import { type Lock, withoutOthers } from "../../tools/lock.ts";
import { readConfig, ROOT } from "../../tools/run_flags.ts";

async function committedLock(): Promise<Lock> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT)));
}

Deno.test("withoutOthers() takes out what deno.json does not name, and nothing else", () => {
  const imports = {
    "z32": "npm:z32@^1.1.0",
    "asn1": "npm:@peculiar/asn1@^2.0.0",
    "@std/cli": "jsr:@std/cli@1",
  };
  const kept = {
    version: "5",
    specifiers: {
      "jsr:@std/cli@1": "1.0.32",
      "npm:@peculiar/asn1@^2.0.0": "2.1.0",
      "npm:z32@^1.1.0": "1.1.0",
    },
    npm: { "@peculiar/asn1@2.1.0": { integrity: "c" }, "tslib@2.0.0": {}, "z32@1.1.0": { integrity: "b" } },
  };
  const lock = {
    ...kept,
    specifiers: {
      ...kept.specifiers,
      "npm:deno-std@1.4.0": "1.4.0",
      "npm:@a/b@1": "1.0.0",
      "npm:z32@1": "1.1.0",
    },
    npm: { ...kept.npm, "deno-std@1.4.0": { integrity: "a" }, "@a/b@1.0.0": { integrity: "d" } },
  };
  assertEquals(withoutOthers(lock, imports), kept);
});

Deno.test("deno.lock pins every npm package of deno.json; if not: deno task lock", async () => {
  const { imports } = await readConfig();
  const { specifiers = {} } = await committedLock();
  const wanted = Object.values(imports).filter((target) => target.startsWith("npm:")).sort();
  assertEquals(Object.keys(specifiers).filter((target) => target.startsWith("npm:")).sort(), wanted);
});

Deno.test("deno.lock knows nothing of the stand-in for JSR, nor of what tests or examples alone import", async () => {
  const lock = await committedLock();
  assertEquals(withoutOthers(lock, (await readConfig()).imports), lock);
  assert(!JSON.stringify(lock).includes("deno-std"));
});
