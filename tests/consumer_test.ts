/**
 * The package as somebody gets it who imports it from JSR: no deno.json, no unstable flag, two processes, one script
 * each. What only works inside this checkout fails here.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { flagsOf, PERMISSIONS } from "../cli/_permissions.ts";
import { readConfig, ROOT } from "../tools/run_flags.ts";
import { checkoutPackage, type JsrRegistry, serveJsr, stdPackages, unfurl } from "./jsr_registry.ts";
import { foldersBelow } from "./skip_process.ts";
import { Testnet } from "./testnet.ts";

/** Echoes over WebSockets until its stdin ends. Its first line of output is its id. */
const SERVER = `
import { serve } from "jsr:@skip-public-ip/skip-public-ip";

await using server = await serve((request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = (event) => socket.send("echo of " + event.data);
  return response;
}, { bootstrap: Deno.args });
console.log(server.id);
await Deno.stdin.readable.pipeTo(new WritableStream());
`;

/** Sends one message to the id and prints the answer. */
const CLIENT = `
import { connect } from "jsr:@skip-public-ip/skip-public-ip";

const [id, ...bootstrap] = Deno.args;
const socket: WebSocket = await connect(id!, { bootstrap, signal: AbortSignal.timeout(20_000) });
const answer = new Promise<MessageEvent>((resolve) => socket.onmessage = resolve);
socket.send("hello");
console.log((await answer).data);
const closed = new Promise((resolve) => socket.onclose = resolve);
socket.close();
await closed;
`;

/** Ends a program that hangs, so that the test fails instead. */
const PATIENCE_MS = 60_000;
const CLI = "jsr:@skip-public-ip/skip-public-ip/cli";
/** Those of the README for `skip id`, where another test compares them. */
const ID_PERMISSIONS = flagsOf(PERMISSIONS.id!);
const DELIMITER = Deno.build.os === "windows" ? ";" : ":";
const MODULE_PERMISSIONS = ["--allow-net", "--allow-env", "--allow-sys=networkInterfaces", "--no-prompt"];

/** A folder with nothing in it but the two scripts. */
async function makeProject(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "skip-consumer-" });
  await Deno.writeTextFile(`${path}/server.ts`, SERVER);
  await Deno.writeTextFile(`${path}/client.ts`, CLIENT);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

function run(project: { path: string }, { env }: JsrRegistry, args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--check", ...MODULE_PERMISSIONS, ...args],
    cwd: project.path,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).spawn();
}

async function firstLine(child: Deno.ChildProcess): Promise<string> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return text.trim();
}

async function end(child: Deno.ChildProcess): Promise<number> {
  await child.stdin.close().catch(() => {}); // it has ended already
  return (await child.status).code;
}

Deno.test("unfurl() turns bare specifiers into what the import map says, and leaves the others", () => {
  const imports = { "z32": "npm:z32@^1.1.0", "@std/cli": "jsr:@std/cli@^1.0.32" };
  const before = `import z32 from "z32";
import { parseArgs } from "@std/cli/parse-args";
import type { A } from "./a.ts";
import "node:net";
export const text = "from z32";
`;
  assertEquals(
    unfurl(before, imports),
    `import z32 from "npm:z32@^1.1.0";
import { parseArgs } from "jsr:@std/cli@^1.0.32/parse-args";
import type { A } from "./a.ts";
import "node:net";
export const text = "from z32";
`,
  );
});

Deno.test("a program that imports the package from JSR serves, and another one connects to it", async () => {
  await using testnet = await Testnet.create({ nodes: 8 });
  await using registry = await serveJsr([await checkoutPackage(), ...await stdPackages()]);
  await using project = await makeProject();
  const bootstrap = testnet.nodes.slice(0, 2).map(({ port }) => `127.0.0.1:${port}`);

  const server = run(project, registry, ["server.ts", ...bootstrap]);
  try {
    const id = await firstLine(server);
    assertEquals(id.length, 52);
    const client = run(project, registry, ["client.ts", id, ...bootstrap]);
    assertEquals(await firstLine(client), "echo of hello");
    assertEquals(await end(client), 0);
  } finally {
    assertEquals(await end(server), 0);
  }
});

Deno.test("the command runs straight from JSR", async () => {
  const { version } = await readConfig();
  await using registry = await serveJsr([await checkoutPackage(), ...await stdPackages()]);
  await using project = await makeProject();
  const command = run(project, registry, [CLI, "--version"]);
  assert((await firstLine(command)).includes(version));
  assertEquals(await end(command), 0);
});

Deno.test("the command makes an identity when it runs straight from JSR with the permissions of the README", async () => {
  await using registry = await serveJsr([await checkoutPackage(), ...await stdPackages()]);
  await using project = await makeProject();
  const { stdout, code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...ID_PERMISSIONS, CLI, "id"],
    cwd: project.path,
    env: { ...registry.env, ...foldersBelow(project.path) },
    stdin: "null",
    stderr: "inherit",
  }).output();
  assertEquals(code, 0);
  assertMatch(new TextDecoder().decode(stdout), /^\w{52}\n$/);
});

Deno.test("deno install, as in the README, makes a command of it, which knows its version and makes an identity", async () => {
  const { version } = await readConfig();
  await using registry = await serveJsr([await checkoutPackage(), ...await stdPackages()]);
  await using project = await makeProject();
  const env = {
    ...registry.env,
    DENO_INSTALL_ROOT: project.path,
    ...foldersBelow(project.path),
    // What is installed calls `deno` by its name.
    PATH: `${Deno.execPath().replace(/[/\\][^/\\]+$/, "")}${DELIMITER}${Deno.env.get("PATH")}`,
  };
  const output = async (command: string, ...args: string[]) => {
    const { stdout, stderr, code } = await new Deno.Command(command, {
      ...{ args, env, cwd: project.path, stdin: "null" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  };
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const [, words] = /^deno (install --global (?:.*\\\n)*.*)$/m.exec(readme)!;
  await output(Deno.execPath(), ...words!.split(/[\s\\]+/));
  const skip = `${project.path}/bin/skip${Deno.build.os === "windows" ? ".cmd" : ""}`;
  assert((await output(skip, "--version")).includes(version));
  assertMatch(await output(skip, "id"), /^\w{52}\n$/);
});
