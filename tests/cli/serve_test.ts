import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { identityPath } from "../../cli/_paths.ts";
import { dial } from "../../lib/connect.ts";
import { denoFlags } from "../../tools/run_flags.ts";
import { IS_CHECKOUT, program } from "../program.ts";
import { apart, foldersBelow } from "../skip_process.ts";
import { Testnet } from "../testnet.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { events, serveAlone, Skip, skip, Transcript } from "./_skip.ts";

const GREETING = "Welcome: you are connected, peer to peer. What you send comes back.";

/** `skip connect` to a server that is alone in its network. */
function connectTo({ id, bootstrap }: { id: string; bootstrap: string }): Promise<Skip> {
  return Skip.start(["connect", id, "--bootstrap", bootstrap]);
}

Deno.test("skip serve prints the id on stdout, and at last the whole command for the other side", async () => {
  await using testnet = await Testnet.create({ nodes: 4 });
  const bootstrap = testnet.nodes.slice(0, 2).map(({ port }) => `127.0.0.1:${port}`);
  const flags = bootstrap.flatMap((node) => ["--bootstrap", node]);
  await using server = await Skip.start(["serve", "--ephemeral", ...flags]);
  const [, id] = await server.stdout.until(/^(\w{52})\n$/);
  const [, command] = await server.stderr.until(/\n\nOn the other side:\n\n {2}(skip connect .+)\n\n$/);
  assertEquals(command, ["skip connect", id, ...flags].join(" "));
  assertEquals((await skip([...command!.split(" ").slice(1), "--quiet"])).stdout, `${GREETING}\n`);
});

Deno.test("skip serve echoes to the sender, shows messages, and sends what is typed to everybody", async () => {
  await using server = await serveAlone();
  await using ann = await connectTo(server);
  await using bob = await connectTo(server);
  await Promise.all([ann, bob].map(({ stdout }) => stdout.until(/^Welcome.+\n$/)));

  await ann.type("from ann\n");
  await ann.stdout.until(/^from ann$/m);
  await server.stdout.until(/^\S+:\d+: from ann$/m);

  await server.type("from the server\n");
  for (const { stdout } of [ann, bob]) await stdout.until(/^from the server$/m);
  assertEquals(bob.stdout.text, `${GREETING}\nfrom the server\n`); // the echo was for ann alone

  await bob.endInput();
  assertEquals((await bob.ended).code, 0);
  await server.stderr.until(/ has left$/m);
});

Deno.test("skip serve goes on when its input ends, and when nobody reads what it prints", async () => {
  await using server = await serveAlone();
  await server.endInput();
  await server.stdout.leave(); // ID=$(skip serve | head -1)
  for (const input of ["one\n", "two\n"]) {
    const { code, stdout } = await skip(["connect", server.id, "--bootstrap", server.bootstrap], { input });
    assertEquals([code, stdout], [0, `${GREETING}\n${input}`]);
  }
});

Deno.test("A second skip serve of the same identity says so, and whoever connects reaches one of the two", async () => {
  await using home = await temporaryFolder();
  await using first = await serveAlone([], { home: home.path });
  await using second = await Skip.start(["serve", "--bootstrap", first.bootstrap], { home: home.path });
  const [, pid] = await second.stderr.until(/^Process (\d+) on this machine serves this id, too: .+$/m);
  assertEquals(Number(pid), first.pid);
  await second.stdout.until(new RegExp(`^${first.id}$`, "m"));
  const { code, stdout } = await skip(["connect", first.id, "--bootstrap", first.bootstrap], {
    input: "hi\n",
  });
  assertEquals([code, stdout], [0, `${GREETING}\nhi\n`]);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test({
    name: `skip serve says goodbye at ${signal}, ends with 130, and its port is free at once`,
    ignore: Deno.build.os === "windows" && signal === "SIGTERM",
    async fn() {
      await using server = await serveAlone();
      await using client = await connectTo(server);
      await client.stdout.until(/^Welcome/);
      server.kill(signal);
      assertEquals((await server.ended).code, 130);
      assertEquals((await client.ended).code, 0); // closed, not broken
      const port = server.bootstrap.split(":")[1]!;
      await using next = await serveAlone(["--ephemeral", "--port", port]);
      assertEquals(next.bootstrap, server.bootstrap);
      assertNotEquals(next.id, server.id);
    },
  });
}

Deno.test("skip serve keeps its id across restarts", async () => {
  await using home = await temporaryFolder();
  const ids: string[] = [];
  for (let run = 0; run < 2; run++) {
    await using server = await serveAlone([], { home: home.path });
    ids.push(server.id);
  }
  ids.push((await skip(["id"], { home: home.path })).stdout.trim());
  assertEquals(new Set(ids).size, 1);
  await using other = await serveAlone(["--ephemeral"], { home: home.path });
  assertNotEquals(other.id, ids[0]);
});

Deno.test("skip serve --json prints the documented objects and nothing else", async () => {
  await using server = await serveAlone(["--ephemeral", "--json"]);
  const { id, port, command } = await server.event("ready");
  assertEquals([id, command], [server.id, `skip connect ${id} --bootstrap THIS-HOST:${port}`]);
  assert((await server.event("published")).acknowledgements >= 1);

  await skip(["connect", server.id, "--bootstrap", server.bootstrap], { input: "hello\n" });
  const { remote } = await server.event("connected");
  const { kind, remote: pathRemote } = await server.event("path");
  assertEquals([pathRemote, ["host", "reflexive", "ipv6"].includes(kind)], [remote, true]);
  assertEquals(await server.event("message"), { type: "message", data: "hello", remote });
  assertEquals(await server.event("disconnected"), { type: "disconnected", remote });

  server.kill("SIGINT");
  const { stdout, stderr } = await server.ended;
  assertEquals([events(stdout).at(-1)!.code, stderr], ["interrupted", ""]);
});

Deno.test("skip serve says so when its port is taken, by UDP or TCP", async () => {
  const udp = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  using tcp = Deno.listen({ port: 0 });
  for (const { port } of [udp.addr as Deno.NetAddr, tcp.addr]) {
    const args = ["serve", "--ephemeral", "--bootstrap", "none", "--port", `${port}`, "--json"];
    const { code, stdout } = await skip(args);
    const error = events(stdout).at(-1)!;
    assertEquals([code, error.type, error.code], [1, "error", "port-in-use"]);
    assert(error.message.includes(`${port}`), error.message);
  }
  udp.close();
});

Deno.test("skip serve waits for the network, says so, and is found once it is there", async () => {
  const probe = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr as Deno.NetAddr;
  probe.close();
  const bootstrap = `127.0.0.1:${port}`;
  await using server = await Skip.start(["serve", "--ephemeral", "--bootstrap", bootstrap, "--json"]);
  assert((await server.event("offline")).ms > 0);
  assertEquals(events(server.stdout.text).some(({ type }) => type === "ready"), false);
  await using _node = await Skip.start([
    "dht",
    "--host",
    "127.0.0.1",
    "--port",
    `${port}`,
    "--bootstrap",
    "none",
  ]);
  const { id } = await server.event("ready");
  assertEquals((await skip(["connect", id, "--bootstrap", bootstrap], { input: "at last\n" })).code, 0);
});

Deno.test("skip serve refuses wrong values before it does anything", async () => {
  const table: [args: string[], why: RegExp, hint: RegExp][] = [
    [["--port", "70000"], /--port is not valid: "70000"/, /0 to 65535/],
    [["--port"], /--port needs a value/, /skip help serve/],
    [["--prot", "80"], /no flag --prot/, /Did you mean --port\?/],
    [["--ephemeral", "--identity", "x"], /--ephemeral goes with no --identity/, /one of the two/],
    [["--bootstrap", "none", "--bootstrap", "127.0.0.1:1"], /none goes with no other/, /either none or/],
    [["--bootstrap", "127.0.0.1:0"], /--bootstrap is not valid: "127.0.0.1:0"/, /port from 1 to 65535/],
    [["--bootstrap", "http://x:1"], /--bootstrap is not valid/, /HOST:PORT/],
    [["extra"], /it must be PORT, HOST:PORT, .*"extra"/, /skip help serve/],
    [["0"], /a port is 1 to 65535, current value is "0"/, /skip help serve/],
    [["./nowhere"], /there is no such folder.*"\.\/nowhere"/, /skip help serve/],
    [["8080", "8081"], /takes no argument "8081"/, /skip help serve/],
    [["--name", "8080"], /--name is not valid: "8080"/, /--name \/api=8080/],
    [["--name", "/a=1", "--name", "/a/=2"], /a path twice.*"\/a"/, /skip help serve/],
  ];
  await Promise.all(table.map(async ([args, why, hint]) => {
    const { code, stdout, stderr } = await skip(["serve", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, why);
    assertMatch(stderr, hint);
  }));
});

Deno.test("skip serve ends with one clear error when its key file is garbled", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/key.pem`;
  await Deno.writeTextFile(path, "not a key", { mode: 0o600 });
  const { code, stdout, stderr } = await skip(["serve", "--identity", path, "--bootstrap", "none"]);
  assertEquals([code, stdout, stderr.split("\n").length], [1, "", 4]);
  assert(stderr.includes(path), stderr);
});

Deno.test("skip serve takes its flags from --config, and what is typed wins", async () => {
  await using folder = await temporaryFolder();
  const config = `${folder.path}/skip.toml`;
  await Deno.writeTextFile(config, `identity = "key.pem"\nbootstrap = "none"\njson = true\nno-map = true\n`);
  await using server = await Skip.start(["serve", "--config", config]);
  const { id } = await server.event("ready");
  const { stdout } = await skip(["id", "--identity", `${folder.path}/key.pem`]);
  assertEquals(stdout.trim(), id);
  await using other = await Skip.start(["serve", "--config", config, "--ephemeral"]);
  assertNotEquals((await other.event("ready")).id, id);
});

Deno.test("skip serve says what is wrong in its configuration file, and ends", async () => {
  await using folder = await temporaryFolder();
  const config = `${folder.path}/skip.toml`;
  const table: [text: string | undefined, code: number, why: RegExp][] = [
    ["prot = 1", 2, /no flag: "prot"\n {2}try: {2}Did you mean port\?/],
    ["port = 70000", 2, /--port is not valid: "70000"/],
    ["[", 2, /not valid TOML/],
    [undefined, 1, /The configuration file cannot be read\n {2}why: .*skip\.toml/],
  ];
  for (const [text, wanted, why] of table) {
    if (text === undefined) await Deno.remove(config);
    else await Deno.writeTextFile(config, text);
    const { code, stdout, stderr } = await skip(["serve", "--config", config]);
    assertEquals([code, stdout, stderr.split("\n").length], [wanted, "", 4]);
    assertMatch(stderr, why);
  }
});

Deno.test("skip serve --qr shows a QR code beside everything else", async () => {
  await using server = await serveAlone(["--ephemeral", "--qr"]);
  await server.stderr.until(/\n(?:[ ▀▄█]{37}\n){19}/);
  assertEquals(server.stdout.text, `${server.id}\n`);
});

Deno.test("skip serve --print-unit prints a unit whose command runs, from anywhere", async () => {
  await using home = await temporaryFolder();
  const args = ["serve", "--print-unit", "--bootstrap", "none", "--json", "--", "8080"];
  const { code, stdout } = await skip(args, { home: home.path });
  const [unit] = events(stdout);
  assertEquals([code, unit!.type], [0, "unit"]);
  const { os } = Deno.build, folders = foldersBelow(home.path);
  const identity = identityPath({ os, env: (name) => folders[name] });
  assertEquals(unit!.command.slice(unit!.command.indexOf("serve")), [
    ...["serve", "--identity", identity, "--bootstrap", "none", "--json", "--", "8080"],
  ]);
  const [own, run, ...rest] = unit!.command as string[];
  const flags = IS_CHECKOUT ? (await denoFlags()).flags : []; // where JSR is out of reach
  const child = new Deno.Command(own!, {
    args: [run!, ...flags, ...rest],
    ...await apart(home.path, (await program(["serve"])).env),
    cwd: "/",
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = new Transcript(child.stdout);
  await output.until(/"type":"ready"/);
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 130); // SuccessExitStatus
  await output.over;
});

Deno.test("skip serve --print-unit prints the unit alone on stdout, and checks its flags first", async () => {
  const { code, stdout, stderr } = await skip(["serve", "--print-unit", "--ephemeral"]);
  assertEquals([code, stdout.startsWith("[Unit]\n"), stderr.includes("skip help service")], [0, true, true]);
  assertEquals((await skip(["serve", "--print-unit", "--port", "x"])).code, 2);
});

Deno.test("skip serve serves its page to a browser that comes by the id", async () => {
  await using server = await serveAlone();
  await using peer = await dial(server.id, { bootstrap: [server.bootstrap] });
  const response = await peer.fetch("/", { headers: { accept: "text/html" } });
  assertMatch(await response.text(), /<title>Skip chat<\/title>/);
  const socket = await peer.webSocket("/", { protocols: ["skip.chat"] });
  const { promise: welcomed, resolve } = Promise.withResolvers<{ path: { kind: string } }>();
  socket.onmessage = ({ data }) => data.includes("welcome") && resolve(JSON.parse(data));
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.send('{"type":"say","text":"hi"}');
  await server.stdout.until(/^\S+ \(guest \d\): hi$/m);
  const { path } = await welcomed;
  assert(["host", "reflexive", "ipv6"].includes(path.kind), JSON.stringify(path));
  socket.close();
  await closed;
});

Deno.test("skip serve ends at a Ctrl-C that comes while it is starting", async () => {
  for (const stage of ["published", "candidates", "ready"]) {
    await using server = await Skip.start(["serve", "--bootstrap", "none", "--ephemeral", "--json"]);
    await server.event(stage);
    server.kill("SIGINT");
    assertEquals((await server.ended).code, 130, stage);
  }
});
