import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Lock } from "../../tools/lock.ts";
import {
  committedPackages,
  keyOf,
  licenceText,
  type Package,
  packages,
  sourceUrl,
  splitKey,
} from "../../tools/packages.ts";
import { readConfig, ROOT } from "../../tools/run_flags.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** Licences that ask for nothing but their own text. Another one is a decision, not an update. */
const PERMISSIVE = ["MIT", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"];

async function committedLock(): Promise<Lock> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT)));
}

Deno.test("packages() knows every package of deno.lock, and each of JSR that deno.json names", async () => {
  const all = await committedPackages(), { npm = {} } = await committedLock();
  const of = (registry: Package["registry"]) => all.filter((one) => one.registry === registry);
  assertEquals(of("npm").map(({ name, version }) => `${name}@${version}`).sort(), Object.keys(npm).sort());
  const targets = Object.values((await readConfig()).imports).filter((target) => target.startsWith("jsr:"));
  const names = targets.map((target) => splitKey(target.slice("jsr:".length)).name);
  assertEquals(of("jsr").map(({ name }) => name), names.sort());
});

Deno.test("packages() has a permissive licence in full for each, and everything that it needs", async () => {
  const all = await committedPackages(), keys = new Set(all.map(keyOf));
  for (const one of all) {
    assert(PERMISSIVE.includes(one.licence), `${keyOf(one)} is under ${one.licence}`);
    assert(one.text.length > 300, `${keyOf(one)} has no text`);
    assert(one.source.startsWith("https://"), `${keyOf(one)} comes from ${one.source}`);
    for (const dependency of one.dependencies) assert(keys.has(dependency), `${keyOf(one)}: ${dependency}`);
  }
});

Deno.test("packages() tells what users get from what the tests alone use", async () => {
  const all = await committedPackages();
  const names = (shipped: boolean) => all.filter((one) => one.shipped === shipped).map(({ name }) => name);
  assert(names(false).includes("@std/assert"));
  for (const name of ["@std/async", "bittorrent-dht", "z32", "ms"]) assert(names(true).includes(name), name);
});

Deno.test("packages() takes the version of a package of JSR from a lock that has it", async () => {
  const target = (await readConfig()).imports["@std/cli"]!;
  const [cli] = (await packages({ specifiers: { [target]: "1.7.0" } })).filter(({ name }) =>
    name === "@std/cli"
  );
  assertEquals(cli!.version, "1.7.0");
});

Deno.test("packages() leaves out what deno.json does not name, and what only that needs", async () => {
  const lock = await committedLock();
  const more = { "left-over@1.0.0": { dependencies: ["below"] }, "below@2.0.0": {} };
  const all = await packages({ ...lock, npm: { ...lock.npm, ...more } });
  assertEquals(all.map(keyOf), (await committedPackages()).map(keyOf));
});

Deno.test("packages() refuses a lock that does not hold together", async () => {
  const { specifiers = {} } = await committedLock();
  const npm = { "z32@1.1.0": { dependencies: ["b4a"] } };
  const target = Object.keys(specifiers).find((specifier) => specifier.startsWith("npm:z32@"))!;
  await assertRejects(() => packages({ specifiers: { [target]: "1.1.0" }, npm }), Error, "b4a");
});

Deno.test("splitKey() reads scopes and peers", () => {
  assertEquals(splitKey("ms@2.1.3"), { name: "ms", version: "2.1.3" });
  assertEquals(splitKey("@a/b@1.0.0"), { name: "@a/b", version: "1.0.0" });
  assertEquals(splitKey("@a/b@1.0.0_@c+d@2.0.0"), { name: "@a/b", version: "1.0.0" });
});

Deno.test("sourceUrl() makes a link of every form that npm knows", () => {
  const wanted = "https://github.com/a/b.js";
  for (
    const repository of [
      "a/b.js",
      "github:a/b.js",
      "git@github.com:a/b.js.git",
      { url: "git+https://github.com/a/b.js.git" },
      { url: "git://github.com/a/b.js.git" },
      { url: "http://github.com/a/b.js" },
    ]
  ) assertEquals(sourceUrl(repository, "b"), wanted);
  assertEquals(sourceUrl("https://example.org/b", "b"), "https://example.org/b");
  assertEquals(sourceUrl(undefined, "@a/b"), "https://www.npmjs.com/package/@a/b");
});

Deno.test("licenceText() reads the package's file, or fills in the MIT licence, or refuses", async () => {
  await using folder = await temporaryFolder();
  const mit = await licenceText(folder.path, { license: "MIT", author: { name: "Somebody" } });
  assert(mit.includes("Copyright (c) Somebody") && mit.includes("WITHOUT WARRANTY OF ANY KIND"), mit);
  await assertRejects(
    () => licenceText(folder.path, { license: "ISC", author: "Somebody" }),
    Error,
    "licence",
  );
  await assertRejects(() => licenceText(folder.path, { license: "MIT" }), Error, folder.path);
  await Deno.writeTextFile(`${folder.path}/license.md`, "Do what you like.\n");
  assertEquals(await licenceText(folder.path, { license: "ISC" }), "Do what you like.");
});
