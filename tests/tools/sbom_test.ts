import { assert, assertEquals, assertMatch } from "@std/assert";
import { committedPackages, keyOf } from "../../tools/packages.ts";
import { readConfig, ROOT } from "../../tools/run_flags.ts";
import { bom, purlOf } from "../../tools/sbom.ts";

async function committedBom() {
  const lock = JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT)));
  return bom(await committedPackages(), await readConfig(), lock);
}

Deno.test("the bill of materials has the form that CycloneDX 1.6 wants", async () => {
  const { bomFormat, specVersion, version, metadata, components, dependencies } = await committedBom();
  assertEquals([bomFormat, specVersion, version], ["CycloneDX", "1.6", 1]);
  assertEquals(metadata.component.version, (await readConfig()).version);
  for (const component of components) {
    const { type, name, licenses, purl, scope, externalReferences = [] } = component;
    assertEquals(type, "library");
    assert(name !== "" && !name.includes("/"), name);
    assertMatch(licenses[0]!.license.id, /^[\w.-]+$/);
    assertMatch(purl!, /^pkg:npm\/[\w.%/-]+(@\d[\w.-]*)?(\?repository_url=https:\/\/npm\.jsr\.io)?$/);
    assert(scope === "required" || scope === "excluded", scope);
    for (const { url } of externalReferences) assert(URL.canParse(url), url);
  }
  const refs = [metadata.component, ...components].map((component) => component["bom-ref"]);
  assertEquals(new Set(refs).size, refs.length);
  assertEquals(dependencies.map(({ ref }) => ref), refs);
  for (const { ref, dependsOn } of dependencies) {
    for (const other of dependsOn) assert(refs.includes(other), `${ref} needs ${other}`);
  }
});

Deno.test("the bill of materials knows all that users get, with the hashes of deno.lock", async () => {
  const { components } = await committedBom(), all = await committedPackages();
  assertEquals(components.map((component) => component["bom-ref"]), all.map(keyOf));
  for (const [index, { registry, integrity }] of all.entries()) {
    const hashes = components[index]!.externalReferences!.flatMap(({ hashes = [] }) => hashes);
    assertEquals(hashes.length, registry === "npm" ? 1 : 0);
    for (const { content } of hashes) {
      assertMatch(content, /^[0-9a-f]{128}$/);
      assertEquals(`sha512-${Uint8Array.fromHex(content).toBase64()}`, integrity);
    }
  }
});

Deno.test("the bill of materials leads from the project to everything in it", async () => {
  const { metadata, components, dependencies } = await committedBom();
  const reached = new Set<string>(), waiting = [metadata.component["bom-ref"]];
  for (let ref = waiting.pop(); ref !== undefined; ref = waiting.pop()) {
    if (reached.has(ref)) continue;
    reached.add(ref);
    waiting.push(...dependencies.find((one) => one.ref === ref)!.dependsOn);
  }
  assertEquals(components.map((one) => one["bom-ref"]).filter((ref) => !reached.has(ref)), []);
});

Deno.test("purlOf() names packages of both registries, with the version where it is known", () => {
  assertEquals(purlOf({ registry: "npm", name: "ms", version: "2.1.3" }), "pkg:npm/ms@2.1.3");
  assertEquals(purlOf({ registry: "npm", name: "@a/b", version: "1.0.0" }), "pkg:npm/%40a/b@1.0.0");
  const jsr = { registry: "jsr" as const, name: "@std/media-types" };
  const url = "pkg:npm/%40jsr/std__media-types";
  assertEquals(purlOf({ ...jsr, version: "1.1.0" }), `${url}@1.1.0?repository_url=https://npm.jsr.io`);
  assertEquals(purlOf({ ...jsr, version: "^1.1.0" }), `${url}?repository_url=https://npm.jsr.io`);
});
