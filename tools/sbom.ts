/**
 * `deno task sbom`: a software bill of materials in the form of CycloneDX 1.6, on stdout. The same packages make the same
 * text, so it has neither a time nor a serial number.
 *
 * @see https://cyclonedx.org/docs/1.6/json/
 *
 * @module
 */
import { type Lock, withoutOthers } from "./lock.ts";
import { keyOf, type Package, packages, splitKey } from "./packages.ts";
import { type Config, denoFlags, LOCK, readConfig } from "./run_flags.ts";

/** A package or the project itself. */
export interface Component {
  readonly type: "application" | "library";
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  /** Not known where the lock does not name it. */
  readonly version?: string;
  /** `excluded`: not in what users get. */
  readonly scope?: "required" | "excluded";
  readonly licenses: readonly { readonly license: { readonly id: string } }[];
  readonly purl?: string;
  readonly externalReferences?: readonly Reference[];
}

/** Where a component comes from. */
export interface Reference {
  readonly type: "vcs" | "distribution";
  readonly url: string;
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

/** A bill of materials. */
export interface Bom {
  readonly $schema: string;
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly version: number;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** Packages of JSR have no type of their own among package URLs; npm's side of it serves the same ones. */
const JSR_ON_NPM = "?repository_url=https://npm.jsr.io";

function nameParts(name: string): { group?: string; name: string } {
  const [scope, bare] = name.split("/");
  return bare === undefined ? { name } : { group: scope!, name: bare };
}

function isExact(version: string): boolean {
  return /^\d/.test(version);
}

/** The package URL. */
export function purlOf({ registry, name, version }: Pick<Package, "registry" | "name" | "version">): string {
  const at = isExact(version) ? `@${version}` : "";
  if (registry === "npm") return `pkg:npm/${name.replace("@", "%40")}${at}`;
  return `pkg:npm/%40jsr/${name.slice(1).replace("/", "__")}${at}${JSR_ON_NPM}`;
}

function distribution({ name, version, integrity }: Package): Reference | undefined {
  const [, base64] = /^sha512-(.+)$/.exec(integrity ?? "") ?? [];
  if (!base64) return undefined;
  const content = Uint8Array.fromBase64(base64).toHex();
  return {
    type: "distribution",
    url: `https://registry.npmjs.org/${name}/-/${name.split("/").at(-1)}-${version}.tgz`,
    hashes: [{ alg: "SHA-512", content }],
  };
}

function componentOf(one: Package): Component {
  const tarball = distribution(one);
  return {
    type: "library",
    "bom-ref": keyOf(one),
    ...nameParts(one.name),
    ...(isExact(one.version) ? { version: one.version } : {}),
    scope: one.shipped ? "required" : "excluded",
    licenses: [{ license: { id: one.licence } }],
    purl: purlOf(one),
    externalReferences: [{ type: "vcs", url: one.source }, ...(tarball ? [tarball] : [])],
  };
}

/** What deno.json names, as {@linkcode keyOf} names it. */
function directOf(all: readonly Package[], { imports }: Config, { specifiers = {} }: Lock): string[] {
  const names = Object.values(imports).map((target) => {
    const [registry, rest] = [target.slice(0, 3), target.slice(4)];
    const { name, version } = splitKey(rest);
    return `${registry}:${name}@${specifiers[target] ?? version}`;
  });
  return all.map(keyOf).filter((key) => names.includes(key));
}

/** The bill of materials of the project. */
export function bom(all: readonly Package[], config: Config, lock: Lock): Bom {
  const { name, version, license } = config, ref = `${name}@${version}`;
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        ...{ type: "application", "bom-ref": ref, ...nameParts(name), version },
        licenses: [{ license: { id: license } }],
      },
    },
    components: all.map(componentOf),
    dependencies: [
      { ref, dependsOn: directOf(all, config, lock) },
      ...all.map((one) => ({ ref: keyOf(one), dependsOn: one.dependencies })),
    ],
  };
}

if (import.meta.main) {
  await denoFlags(); // has written the lock of this checkout
  const lock: Lock = JSON.parse(await Deno.readTextFile(LOCK));
  const config = await readConfig(), own = withoutOthers(lock, config.imports);
  const text = JSON.stringify(bom(await packages(own), config, own), null, 2);
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}
