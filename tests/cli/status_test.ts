import { assertEquals, assertMatch } from "@std/assert";
import { runningPath } from "../../cli/_paths.ts";
import { describeRunning } from "../../cli/status.ts";
import { missingProgram, testsNeeding } from "../needing.ts";
import { program } from "../program.ts";
import { apart, foldersBelow } from "../skip_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { events, serveAlone, skip } from "./_skip.ts";

Deno.test("skip status shows who serves, and no longer once it has ended", async () => {
  await using home = await temporaryFolder();
  const here = { home: home.path };
  const empty = await skip(["status"], here);
  assertEquals([empty.code, empty.stdout], [0, ""]);
  assertMatch(empty.stderr, /Nothing is running here/);
  const server = await serveAlone(["--ephemeral"], here);
  const { stdout } = await skip(["status"], here);
  assertMatch(stdout, new RegExp(`^serve +${server.id} +${server.pid}, since `));
  const [event] = events((await skip(["status", "--json"], here)).stdout);
  assertEquals([event!.type, event!.command, event!.id], ["running", "serve", server.id]);
  await server[Symbol.asyncDispose]();
  assertEquals((await skip(["status"], here)).stdout, "");
});

const PATIENCE_MS = 60_000;
const onTerminal = testsNeeding(
  "on a terminal",
  Deno.build.os === "linux" ? missingProgram("script") : "the program script takes other arguments here",
);

onTerminal("skip status asks a person for no permission, also where a command was killed", async () => {
  await using home = await temporaryFolder();
  const { os } = Deno.build, folders = foldersBelow(home.path);
  const folder = runningPath({ os, env: (name) => folders[name] });
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/1.json`, JSON.stringify({ pid: 1, since: 5, command: "proxy" }));
  await Deno.utime(`${folder}/1.json`, 0, 0);
  const { command, args, env } = await program(["status"]);
  const words = [command, ...args.filter((arg) => arg !== "--no-prompt")].map((word) => `'${word}'`);
  const { code, stdout } = await new Deno.Command("script", {
    ...await apart(home.path, env),
    args: ["-qefc", words.join(" "), "/dev/null"],
    stdin: "null",
    signal: AbortSignal.timeout(PATIENCE_MS), // a question would wait for ever
  }).output();
  assertEquals([code, new TextDecoder().decode(stdout).trim()], [
    0,
    "Nothing is running here. Try: skip serve",
  ]);
});

Deno.test("describeRunning() says since when, in words that fit", () => {
  const id = "y".repeat(52);
  const since = (ms: number) =>
    describeRunning({ command: "forward", id, pid: 7, since: 0, detail: "to 22" }, ms);
  assertEquals(since(1500), `forward  ${id}  7, since 1.5 s  to 22`);
  const proxy = describeRunning({ command: "proxy", pid: 7, since: 0, detail: "at :1" }, 1500);
  assertEquals(proxy, `proxy    any peer${" ".repeat(44)}  7, since 1.5 s  at :1`);
  assertEquals([59, 61, 60 * 60, 50 * 60 * 60].map((s) => since(s * 1000).match(/since (.+?) {2}/)![1]), [
    "59.0 s",
    "1 min",
    "1 h",
    "2 days",
  ]);
});
