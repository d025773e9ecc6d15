import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { bundle, compile, plan, TARGETS, writeChecksums } from "../../tools/compile.ts";
import { ROOT } from "../../tools/run_flags.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** What Deno lays a program behind: here a small program of the system in place of its runtime. */
const BASE = "/bin/true";

Deno.test("plan() names an executable by its version and system, and that for this machine skip", () => {
  const { version } = config, suffix = Deno.build.os === "windows" ? ".exe" : "";
  assertEquals(plan([]), [{ target: Deno.build.target, name: `skip${suffix}` }]);
  const [linux, , , , windows] = TARGETS;
  assertEquals(plan(["--target", linux!, "--target", windows!, "--target", linux!]), [
    { target: linux!, name: `skip-${version}-x86_64-unknown-linux-gnu` },
    { target: windows!, name: `skip-${version}-x86_64-pc-windows-msvc.exe` },
  ]);
  assertEquals(plan(["--all"]).map(({ target }) => target), TARGETS);
});

Deno.test("plan() refuses what makes no sense", () => {
  assertThrows(() => plan(["--target", "amiga"]), TypeError, "for amiga: the targets are x86_64-");
  assertThrows(() => plan(["--targets", "amiga"]), TypeError, "no such argument: targets");
  assertThrows(() => plan(["amiga"]), TypeError, "no such argument: amiga");
  assertThrows(() => plan(["--all"], "/denort"), TypeError, "DENORT_BIN is for one");
});

/** The part of an executable that tells Deno's runtime how to run what is inside. */
function metadataOf(text: string): Record<string, unknown> {
  const from = text.indexOf('{"argv":');
  for (let end = text.indexOf("}", from), depth = 0; end >= 0; end = text.indexOf("}", end + 1)) {
    depth = text.slice(from, end + 1).split("{").length - text.slice(from, end + 1).split("}").length;
    if (depth === 0) return JSON.parse(text.slice(from, end + 1));
  }
  throw new Error("the executable says nothing of how it is to be run");
}

Deno.test({
  name: "compile() lays the bundle behind any program, with the permissions of all commands and no others",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    const modules = pathToFileURL(`${folder.path}/bundle/`), from = await bundle(modules);
    const made = await Promise.all(["one", "another"].map(async (name) => {
      await Deno.mkdir(`${folder.path}/${name}`);
      const path = `${folder.path}/${name}/${name}`;
      await compile({ target: TARGETS[1]!, path, from, env: { DENORT_BIN: BASE } });
      return await Deno.readFile(path);
    }));
    assertEquals(made[0], made[1], "the same code made other bytes");

    const base = await Deno.readFile(BASE), latin1 = new TextDecoder("latin1"), text = latin1.decode(made[0]);
    assertEquals(made[0]!.slice(64, base.length), base.slice(64), "the program at its beginning has changed");
    for await (const { name } of Deno.readDir(modules)) {
      assert(
        text.includes(latin1.decode(await Deno.readFile(new URL(name, modules)))),
        `${name} is not in it`,
      );
    }
    assert(!text.includes(decodeURIComponent(ROOT.pathname)), "it tells where it was made");

    const { permissions, unstable_config, code_cache_key } = metadataOf(text);
    const { allow_import: _, ...others } = permissions as Record<string, unknown>;
    assertEquals(others, {
      ...{ allow_net: [], allow_read: [], allow_write: [], allow_sys: ["networkInterfaces"] },
      allow_env: ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"],
      ignore_env: [],
      ...{ allow_run: null, allow_ffi: null, deny_import: [], prompt: false },
      ...{
        deny_env: null,
        deny_net: null,
        deny_read: null,
        deny_write: null,
        deny_sys: null,
        deny_run: null,
      },
      ...{ deny_ffi: null, ignore_read: null },
    });
    assertEquals([(unstable_config as { features: string[] }).features, code_cache_key], [
      config.unstable,
      null,
    ]);
  },
});

Deno.test("compile() says what to do where the runtime is out of reach, and leaves an older executable", async () => {
  await using folder = await temporaryFolder();
  const from = pathToFileURL(`${folder.path}/skip.js`);
  await Deno.writeTextFile(from, "0");
  const target = TARGETS[0]!, path = `${folder.path}/dist/skip`;
  await Deno.mkdir(`${folder.path}/dist`);
  await Deno.writeTextFile(path, "older");
  for (
    const env of [{ DENORT_BIN: `${folder.path}/denort` }, {
      DENO_DIR: folder.path,
      HTTPS_PROXY: "http://127.0.0.1:9",
    }]
  ) {
    const { message } = await assertRejects(
      () => compile({ target, path, from, env }),
      Error,
      `for ${target}`,
    );
    assert(message.includes(`/denort-${target}.zip`) && message.includes("DENORT_BIN"), message);
    assertEquals(await Deno.readTextFile(path), "older");
    assertEquals((await Array.fromAsync(Deno.readDir(dirname(path)))).map(({ name }) => name), ["skip"]);
  }
});

Deno.test("writeChecksums() sums up the executables, and nothing else", async () => {
  await using folder = await temporaryFolder();
  const names = ["skip", "skip-1.0.0-x86_64-pc-windows-msvc.exe", "skip.exe", "notes.md", "SHA256SUMS"];
  for (const name of names) await Deno.writeTextFile(`${folder.path}/${name}`, "abc");
  await writeChecksums(pathToFileURL(`${folder.path}/`));
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assertEquals(
    await Deno.readTextFile(`${folder.path}/SHA256SUMS`),
    names.slice(0, 3).map((name) => `${abc}  ${name}\n`).join(""),
  );
});
