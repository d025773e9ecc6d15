import { assert, assertEquals } from "@std/assert";
import { type Lock, withoutStandIn } from "../../tools/lock.ts";
import { readConfig, ROOT } from "../../tools/run_flags.ts";

async function committedLock(): Promise<Lock> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT)));
}

Deno.test("withoutStandIn() takes out the stand-in for JSR only", () => {
  const lock = {
    version: "5",
    specifiers: { "npm:deno-std@1.4.0": "1.4.0", "npm:z32@^1.1.0": "1.1.0" },
    npm: { "deno-std@1.4.0": { integrity: "a" }, "z32@1.1.0": { integrity: "b" } },
  };
  assertEquals(withoutStandIn(lock), {
    version: "5",
    specifiers: { "npm:z32@^1.1.0": "1.1.0" },
    npm: { "z32@1.1.0": { integrity: "b" } },
  });
});

Deno.test("deno.lock pins every npm package of deno.json; if not: deno task lock", async () => {
  const { imports } = await readConfig();
  const { specifiers = {} } = await committedLock();
  const wanted = Object.values(imports).filter((target) => target.startsWith("npm:")).sort();
  assertEquals(Object.keys(specifiers).filter((target) => target.startsWith("npm:")).sort(), wanted);
});

Deno.test("deno.lock knows nothing of the stand-in for JSR", async () => {
  const lock = await committedLock();
  assertEquals(withoutStandIn(lock), lock);
  assert(!JSON.stringify(lock).includes("deno-std"));
});
