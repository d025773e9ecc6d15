import { assertEquals, assertMatch } from "@std/assert";
import { generateIdentity, Invitations } from "../../mod.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { events, serveAlone, type Serving, Skip, skip } from "./_skip.ts";

/** `skip invite ARGS --json` in a home, and what it printed last. */
async function invite(home: string, ...args: string[]) {
  const { code, stdout } = await skip(["invite", ...args, "--json"], { home });
  assertEquals(code, 0, stdout);
  return events(stdout).at(-1)!;
}

function connectArgs(server: Serving, token: string): string[] {
  return ["connect", server.id, "--bootstrap", server.bootstrap, "--token", token];
}

Deno.test("skip invite prints the whole command, by which one peer gets in and no other", async () => {
  await using home = await temporaryFolder();
  await using friend = await temporaryFolder();
  await using other = await temporaryFolder();
  await using server = await serveAlone(["--invite-only"], { home: home.path });
  const { stdout, stderr } = await skip(["invite"], { home: home.path });
  const [, id, token] = stdout.match(
    /^skip connect (\w{52}) --bootstrap THIS-HOST:\d+ --token ([\w-]{111})\n$/,
  )!;
  assertEquals(id, server.id);
  assertMatch(stderr, /the first peer that uses it, until 20/);
  const codes = [];
  for (const { path } of [friend, other, friend]) {
    codes.push((await skip(connectArgs(server, token!), { home: path, input: "hello\n" })).code);
  }
  assertEquals(codes, [0, 6, 0]);
  const { stdout: list } = await skip(["invite", "--list"], { home: home.path });
  assertMatch(list, /^[0-9a-f]{24} {2}1 of 1 used {2}until \S+ {2}\w{52}\n$/);
});

Deno.test("skip invite prints the command for what is served, or the plain one while nothing is", async () => {
  await using home = await temporaryFolder();
  const plain = await invite(home.path);
  assertMatch(plain.command, new RegExp(`^skip connect ${plain.id} --token `));
  await using _site = await serveAlone(["--name", `/app=${home.path}`, "--invite-only"], { home: home.path });
  const { command } = await invite(home.path);
  const words = `^skip forward ${plain.id} --bootstrap THIS-HOST:\\d+ --path /app --token `;
  assertMatch(command, new RegExp(words));
});

Deno.test("skip connect takes a token from a file, where nobody sees it among the processes", async () => {
  await using home = await temporaryFolder();
  await using server = await serveAlone(["--invite-only"], { home: home.path });
  const { token } = await invite(home.path);
  const file = `${home.path}/token`;
  await Deno.writeTextFile(file, `${token}\n`);
  const { code } = await skip(connectArgs(server, `@${file}`), { input: "hello\n" });
  assertEquals(code, 0);
  const missing = await skip(connectArgs(server, `@${home.path}/none`));
  assertEquals(missing.code, 2);
  assertMatch(missing.stderr, /The token cannot be read from ".*none"[^]*--token @FILE/);
});

Deno.test("skip invite --revoke shows out who came in by it, also at another process of that id", async () => {
  await using home = await temporaryFolder();
  await using friend = await temporaryFolder();
  await using first = await serveAlone(["--invite-only"], { home: home.path });
  await using second = await serveAlone(["--invite-only"], { home: home.path });
  const { token } = await invite(home.path, "--uses", "many", "--for", "7d");
  const sessions = [first, second].map((server) =>
    Skip.start([...connectArgs(server, token), "--json"], { home: friend.path })
  );
  await using a = await sessions[0]!;
  await using b = await sessions[1]!;
  await Promise.all([a.event("message"), b.event("message")]);
  assertEquals((await invite(home.path, "--revoke", token)).count, 1);
  for (const client of [a, b]) assertEquals((await client.event("error")).code, "closed");
  assertEquals((await skip(connectArgs(second, token), { home: friend.path })).code, 6);
  assertEquals((await invite(home.path, "--list")).revoked, true);
  assertEquals((await invite(home.path, "--revoke", "all")).count, 0);
});

Deno.test("skip connect says at once that a token is for another peer", async () => {
  const token = await new Invitations(generateIdentity()).create();
  for (const wrong of [token, "garbage", "x".repeat(10_000)]) {
    const { code, stderr } = await skip(["connect", generateIdentity().id, "--token", wrong]);
    assertEquals(code, 2);
    assertMatch(stderr, /it is not an invitation of the peer/);
    assertEquals(stderr.includes(wrong), false);
  }
});

Deno.test("skip invite refuses what makes no sense", async () => {
  const table: [args: string[], why: RegExp][] = [
    [["--uses", "0"], /--uses is not valid: "0"/],
    [["--uses", "1001"], /--uses is not valid/],
    [["--uses", "all"], /--uses is not valid/],
    [["--for", "1"], /--for is not valid: "1"/],
    [["--revoke", "nothing"], /names no open invitation/],
    [["--revoke", "all", "--list"], /--list goes with no --revoke/],
    [["--list", "--uses", "2"], /--list goes with no --uses/],
    [["--for", "1d", "--revoke", "all"], /--revoke goes with no --for/],
    [["--revok", "all"], /no flag --revok/],
    [["ann"], /takes no argument "ann"/],
  ];
  await Promise.all(table.map(async ([args, why]) => {
    const { code, stdout, stderr } = await skip(["invite", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, why);
  }));
});

Deno.test("skip invite leaves a file alone that it does not understand", async () => {
  await using folder = await temporaryFolder();
  const key = `${folder.path}/key.pem`;
  await Deno.writeTextFile(`${key}.invitations`, "garbage");
  for (const more of [[], ["--list"], ["--revoke", "all"]]) {
    const { code, stderr } = await skip(["invite", "--identity", key, ...more]);
    assertEquals(code, 1);
    assertMatch(stderr, /Cannot read the invitations.*key\.pem\.invitations\n {2}try: {2}Restore it/);
  }
  assertEquals(await Deno.readTextFile(`${key}.invitations`), "garbage");
});
