import { assert, assertEquals } from "@std/assert";
import { LICENCES, licencesFile, licenceTexts, THIRD_PARTY, thirdParty } from "../../tools/licences.ts";
import { committedPackages, type Package } from "../../tools/packages.ts";

function made(name: string, more: Partial<Package> = {}): Package {
  return {
    ...{ registry: "npm", name, version: "1.0.0", licence: "MIT", text: "Terms", dependencies: [] },
    ...{ source: `https://example.org/${name}`, shipped: true, ...more },
  };
}

Deno.test("THIRD_PARTY.md lists what deno.lock names; if not: deno task licences", async () => {
  assertEquals(await Deno.readTextFile(THIRD_PARTY), thirdParty(await committedPackages()));
});

Deno.test("licenceTexts() prints each licence once, with the packages that it is for", () => {
  const text = licenceTexts([
    made("a"),
    made("b"),
    made("c", { licence: "ISC", text: "Others" }),
    made("t", { shipped: false, text: "Of tests" }),
  ]);
  assertEquals(text.split("Terms").length, 2);
  assert(text.startsWith("npm:a@1.0.0 (MIT)\nnpm:b@1.0.0 (MIT)\n\nTerms\n"), text);
  assert(text.includes("npm:c@1.0.0 (ISC)\n\nOthers"));
  assert(!text.includes("Of tests"));
});

Deno.test("cli/licences.json has the licences of what deno.lock names; if not: deno task licences", async () => {
  assertEquals(await Deno.readTextFile(LICENCES), await licencesFile(await committedPackages()));
});
