import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { identityPath } from "../../cli/_paths.ts";
import { parsePeerId } from "../../mod.ts";
import { foldersBelow } from "../skip_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { events, skip } from "./_skip.ts";

const WINDOWS = Deno.build.os === "windows";

function lineOf(stdout: string): string {
  const [line = "", ...rest] = stdout.split("\n");
  assertEquals(rest, [""]);
  return line;
}

Deno.test("skip id makes an identity that only this user can read, and finds it again", async () => {
  await using home = await temporaryFolder();
  const first = await skip(["id"], { home: home.path });
  assertEquals([first.code, first.stderr], [0, ""]);
  const id = lineOf(first.stdout);
  assertEquals(parsePeerId(id).id, id);
  assertEquals(await skip(["id"], { home: home.path }), first);
  if (WINDOWS) return;
  const { os } = Deno.build, folders = foldersBelow(home.path);
  const { mode } = await Deno.stat(identityPath({ os, env: (name) => folders[name] }));
  assertEquals(mode! & 0o777, 0o600);
});

Deno.test("skip id --identity keeps to its file, and --json says which", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/new folder/key.pem`;
  const { code, stdout } = await skip(["id", "--identity", path, "--json"]);
  const [event, ...rest] = events(stdout);
  assertEquals([code, event!.type, event!.path, rest], [0, "id", path, []]);
  assertEquals(lineOf((await skip(["id", "--identity", path])).stdout), event!.id);
});

Deno.test("skip id --new keeps the identity before under another name", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/key.pem`;
  const before = lineOf((await skip(["id", "--identity", path])).stdout);
  const { code, stdout, stderr } = await skip(["id", "--identity", path, "--new"]);
  assertEquals(code, 0);
  assertNotEquals(lineOf(stdout), before);
  const kept = stderr.match(/kept in (.+)\n/)?.[1];
  assert(kept !== undefined, stderr);
  assertEquals(lineOf((await skip(["id", "--identity", kept])).stdout), before);
  assertEquals(lineOf((await skip(["id", "--identity", path])).stdout), lineOf(stdout));
});

Deno.test("skip id --new leaves the invitations to the identity before with that identity", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/key.pem`;
  const invited = async (key: string) => (await skip(["invite", "--list", "--identity", key])).stdout;
  assertEquals((await skip(["invite", "--identity", path])).code, 0);
  const before = await invited(path);
  const { stderr } = await skip(["id", "--identity", path, "--new"]);
  const [, kept] = stderr.match(/kept in (.+)\n/)!;
  assertEquals([await invited(path), await invited(kept!)], ["", before]);
});

Deno.test("skip id --new makes the first identity where there is none", async () => {
  const { code, stdout, stderr } = await skip(["id", "--new"]);
  assertEquals([code, stderr, lineOf(stdout).length], [0, "", 52]);
});

Deno.test("skip id never replaces or repairs a key file that it cannot read", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/key.pem`;
  await Deno.writeTextFile(path, "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n", {
    mode: 0o600,
  });
  for (const args of [["--identity", path], ["--identity", path, "--new"]]) {
    const { code, stdout, stderr } = await skip(["id", ...args]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /not an Ed25519 private key.*key\.pem/);
    assertEquals(stderr.includes("secret"), false);
  }
  assertMatch(await Deno.readTextFile(path), /secret/);
});

Deno.test({
  name: "skip id refuses a key file that others can read, and says how to make it private",
  ignore: WINDOWS,
  async fn() {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/key.pem`;
    await skip(["id", "--identity", path]);
    await Deno.chmod(path, 0o644);
    const { code, stdout } = await skip(["id", "--identity", path, "--json"]);
    const [event] = events(stdout);
    assertEquals([code, event!.type, event!.code, event!.hint], [
      1,
      "error",
      "key-file",
      `Run: chmod 600 ${path}`,
    ]);
    await Deno.chmod(path, 0o600);
    assertEquals((await skip(["id", "--identity", path])).code, 0);
  },
});

Deno.test("skip id names the file where none can be made", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  const path = `${folder.path}/file/key.pem`;
  const { code, stdout, stderr } = await skip(["id", "--identity", path]);
  assertEquals([code, stdout], [1, ""]);
  assert(stderr.includes(path) && stderr.includes("--identity FILE"), stderr);
});

Deno.test({
  name: "skip id says that Deno keeps it out of the system's own folders",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { code, stderr } = await skip(["id", "--identity", "/dev/shm/skip/key.pem"]);
    assertEquals(code, 1);
    assertMatch(stderr, /"\/dev\/shm\/skip[^]*\n {2}try: {2}Name a file elsewhere/);
  },
});

Deno.test({
  name: "skip id names the folder in which it may not write",
  ignore: WINDOWS || Deno.uid() === 0, // root may write everywhere
  async fn() {
    await using folder = await temporaryFolder();
    await Deno.chmod(folder.path, 0o500);
    const { code, stderr } = await skip(["id", "--identity", `${folder.path}/key.pem`]);
    await Deno.chmod(folder.path, 0o700);
    assertEquals(code, 1);
    assert(stderr.includes(`${folder.path}/key.pem`), stderr);
  },
});

Deno.test("skip id refuses what it does not know", async () => {
  for (const args of [["me"], ["--identify", "x"], ["--identity"], ["--identity", "a", "--identity", "b"]]) {
    const { code, stdout, stderr } = await skip(["id", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^skip: The command is not right\n {2}why: {2}.+\n {2}try: {2}.+\n$/);
  }
});
