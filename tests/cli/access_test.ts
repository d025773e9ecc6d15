import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  ACCESS_FLAGS,
  describeAccess,
  IDENTITY_FLAGS,
  readAccess,
  readCredentials,
} from "../../cli/_access.ts";
import { UsageError } from "../../cli/_exit.ts";
import { readFlags } from "../../cli/_flags.ts";
import { generateIdentity } from "../../mod.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { serveAlone, Skip, skip } from "./_skip.ts";

const [ann, bob] = Array.from({ length: 2 }, () => generateIdentity().id) as [string, string];

function flags(...args: string[]) {
  return readFlags("test", args, {
    boolean: [...ACCESS_FLAGS.boolean, ...IDENTITY_FLAGS.boolean, "ephemeral"],
    string: [...ACCESS_FLAGS.string, ...IDENTITY_FLAGS.string],
    collect: ACCESS_FLAGS.collect,
    positional: [0, 0],
  });
}

Deno.test("readAccess() leaves the door open unless a flag says who may come in", async () => {
  const identity = generateIdentity();
  const said = async (...args: string[]) => describeAccess(await readAccess(flags(...args), identity));
  assertEquals(await said(), "Who may connect: anyone who knows the id.");
  assertEquals(
    await said("--allow", ann, "--allow", bob, "--identity", "key.pem"),
    "Who may connect: 2 peers, and whom you invite (skip invite).",
  );
  assertEquals(
    await said("--allow", ann, "--allow-file", "friends", "--ephemeral"),
    "Who may connect: one peer, and the peers in friends.",
  );
  assertEquals(await said("--invite-only"), "Who may connect: whom you invite (skip invite).");
  await assertRejects(() => said("--invite-only", "--ephemeral"), UsageError, "goes with no --ephemeral");
});

Deno.test("readCredentials() shows nothing unless a flag asks for it", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/key.pem`;
  assertEquals(await readCredentials(flags()), {});
  const { identity } = await readCredentials(flags("--identity", path));
  const invited = await readCredentials(flags("--identity", path, "--token", "T"));
  assertEquals([invited.identity?.id, invited.token], [identity?.id, "T"]);
});

/** The id of the identity below a home folder. */
async function idOf(home: string): Promise<string> {
  return (await skip(["id"], { home })).stdout.trim();
}

Deno.test("skip serve --allow lets in who shows that id, and tells everybody else the same", async () => {
  await using annsHome = await temporaryFolder();
  const id = await idOf(annsHome.path);
  await using server = await serveAlone(["--ephemeral", "--allow", id, "--json"]);
  const { command, access } = await server.event("ready");
  assertEquals([command.endsWith(" --as-me"), access], [true, "limited"]);
  const connect = (home: string | undefined, ...args: string[]) =>
    skip(["connect", server.id, "--bootstrap", server.bootstrap, "--quiet", ...args], {
      ...(home === undefined ? {} : { home }),
      input: "hello\n",
    });
  assertEquals((await connect(annsHome.path, "--as-me")).code, 0);
  assertEquals((await server.event("connected")).id, id);
  const denied = await Promise.all([
    connect(annsHome.path), // shows nothing, since nobody asked for it
    connect(undefined, "--as-me"), // somebody else
  ]);
  for (const { code, stdout, stderr } of denied) {
    assertEquals([code, stdout, stderr], [6, "", denied[0]!.stderr]);
    assertMatch(stderr, /^skip: The peer does not let you in\n.*--token, or show your id with --as-me/s);
  }
});

Deno.test("skip serve takes an allow list that is edited while it runs, and says what is wrong with it", async () => {
  await using folder = await temporaryFolder();
  const id = await idOf(folder.path);
  const list = `${folder.path}/friends`;
  await Deno.writeTextFile(list, `# nobody yet\n`);
  await using server = await serveAlone(["--ephemeral", "--allow-file", list, "--json"]);
  await Deno.writeTextFile(list, `me ${id}\n`);
  assertEquals(await server.event("allow-list"), { type: "allow-list", peers: 1 });
  await using client = await Skip.start(
    ["connect", server.id, "--bootstrap", server.bootstrap, "--as-me", "--json"],
    { home: folder.path },
  );
  await client.event("message");
  await Deno.writeTextFile(list, "garbage\n");
  const { peers, error } = await server.event("allow-list", 1);
  assertEquals([peers, error.includes("line 1") && error.includes(list), client.running], [1, true, true]);
  await Deno.writeTextFile(list, "");
  assertEquals((await server.event("allow-list", 2)).peers, 0);
  assertEquals((await client.event("error")).code, "closed"); // shown out
});

Deno.test("skip serve does not start with an allow list that it cannot read", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/garbage`, "garbage");
  const table: [args: string[], code: number, why: RegExp][] = [
    [["--allow", "nobody"], 2, /no peer with the name "nobody"/],
    [["--allow", "1"], 2, /Cannot read the id/],
    [["--allow-file", `${folder.path}/none`], 1, /none/],
    [["--allow-file", folder.path], 2, /no file of at most/],
    [["--allow-file", `${folder.path}/garbage`], 2, /line 1 of the allow list.*garbage/],
    [["--invite-only", "--ephemeral"], 2, /goes with no --ephemeral/],
  ];
  await Promise.all(table.map(async ([args, code, why]) => {
    const ending = await skip(["serve", "--ephemeral", "--bootstrap", "none", ...args]);
    assertEquals([ending.code, ending.stdout], [code, ""], args.join(" "));
    assertMatch(ending.stderr, why);
  }));
});
