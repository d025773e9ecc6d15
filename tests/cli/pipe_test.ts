import { assert, assertEquals, assertMatch } from "@std/assert";
import { program } from "../program.ts";
import { apart } from "../skip_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { events, Skip, skip } from "./_skip.ts";

const WINDOWS = Deno.build.os === "windows";
const LOCAL = ["--no-stun", "--no-map"];

/** `skip pipe`, waiting, and the arguments that reach it. */
async function waiting(...args: string[]) {
  const command = await Skip.start(["pipe", "--bootstrap", "none", ...LOCAL, ...args]);
  const [, id, port] = await command.stderr.until(/skip pipe (\w{52}) --bootstrap THIS-HOST:(\d+)/);
  return Object.assign(command, { to: ["pipe", id!, "--bootstrap", `127.0.0.1:${port}`, ...LOCAL] });
}

Deno.test("skip pipe carries both ways, each to its end, and both sides end with 0", async () => {
  await using here = await waiting();
  await using there = await Skip.start([...here.to, "--quiet"]);
  await here.type("from here\n");
  await there.stdout.until(/^from here\n$/);
  await here.endInput();
  await there.type("from there, after your end\n");
  await here.stdout.until(/^from there, after your end\n$/);
  await there.endInput();
  const [one, other] = await Promise.all([here.ended, there.ended]);
  assertEquals([one.code, one.stdout], [0, "from there, after your end\n"]);
  assertEquals(other, { code: 0, stdout: "from here\n", stderr: "" });
  assertMatch(one.stderr, /On the other side:[^]* is here\nDone: 10 B sent, 27 B received\.\n$/);
});

Deno.test("skip status shows both ends of a pipe", async () => {
  await using home = await temporaryFolder();
  await using here = await Skip.start(["pipe", "--bootstrap", "none", ...LOCAL], { home: home.path });
  const [, id, port] = await here.stderr.until(/skip pipe (\w{52}) --bootstrap THIS-HOST:(\d+)/);
  const shown = async () => (await skip(["status"], { home: home.path })).stdout;
  assertMatch(await shown(), new RegExp(`^pipe +${id} +${here.pid}, since `));
  const to = ["pipe", id!, "--bootstrap", `127.0.0.1:${port}`, ...LOCAL];
  await using there = await Skip.start(to, { home: home.path });
  await there.type("through\n");
  await here.stdout.until(/through/);
  assertMatch(await shown(), new RegExp(`^pipe +${id} +${there.pid}, since `, "m"));
  await Promise.all([here.endInput(), there.endInput()]);
  assertEquals([(await here.ended).code, (await there.ended).code], [0, 0]);
});

Deno.test("skip pipe --json keeps stdout for the data", async () => {
  await using here = await waiting("--json");
  const done = skip([...here.to, "--json"], { input: "data" });
  await here.endInput();
  const there = await done;
  const { code, stdout, stderr } = await here.ended;
  assertEquals([code, stdout, there.code, there.stdout], [0, "data", 0, ""]);
  const types = events(stderr).map(({ type }) => type);
  assertEquals(types.filter((t) => ["ready", "connected", "done"].includes(t)), [
    "ready",
    "connected",
    "done",
  ]);
  assertEquals(events(there.stderr).at(-1), { type: "done", sent: 4, received: 0 });
});

Deno.test("skip pipe gives one peer the other end, and tells everybody else so", async () => {
  await using here = await waiting();
  await using there = await Skip.start(here.to);
  await here.stderr.until(/ is here\n/);
  const third = await skip(here.to);
  assertEquals([third.code, third.stdout], [1, ""]);
  await Promise.all([here.endInput(), there.endInput()]);
  assertEquals([(await here.ended).code, (await there.ended).code], [0, 0]);
});

Deno.test({
  name: "skip pipe makes it an error on both sides when one is killed or interrupted in the middle",
  ignore: WINDOWS,
  async fn() {
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      for (const victim of ["here", "there"] as const) {
        await using here = await waiting();
        await using there = await Skip.start([...here.to]);
        await here.type("half a");
        await there.stdout.until(/half a/);
        const [killed, other] = victim === "here" ? [here, there] : [there, here];
        killed.kill(signal);
        const { code, stderr } = await other.ended;
        assertEquals(code, 1, stderr);
        assertMatch(stderr, /The connection broke before everything had come/);
        assertEquals((await killed.ended).code, signal === "SIGINT" ? 130 : 137);
      }
    }
  },
});

Deno.test("skip pipe --allow gives its other end to nobody but that peer", async () => {
  await using home = await temporaryFolder();
  const id = (await skip(["id"], { home: home.path })).stdout.trim();
  await using here = await waiting("--allow", id);
  assertMatch(here.stderr.text, /Who may connect: one peer\.[^]* --as-me\n/);
  assertEquals((await skip([...here.to, "--as-me"])).code, 6); // somebody else
  const done = skip([...here.to, "--as-me"], { home: home.path, input: "it is me" });
  await here.endInput();
  assertEquals([(await done).code, (await here.ended).stdout], [0, "it is me"]);
});

Deno.test("skip invite prints the command for a pipe that waits, and who has it gets the other end", async () => {
  await using home = await temporaryFolder();
  const [key, here] = [`${home.path}/pipe.pem`, { home: home.path }];
  const flags = ["--identity", key, "--invite-only", "--bootstrap", "none", ...LOCAL];
  await using command = await Skip.start(["pipe", ...flags], here);
  const [, port] = await command.stderr.until(/THIS-HOST:(\d+)/);
  const { stdout } = await skip(["invite", "--identity", key], here);
  assertMatch(stdout, /^skip pipe \w{52} --token \S+\n$/);
  const [, ...args] = stdout.trim().split(" ");
  const done = skip([...args, "--bootstrap", `127.0.0.1:${port}`, ...LOCAL], { input: "invited" });
  await command.endInput();
  assertEquals([(await done).code, (await command.ended).stdout], [0, "invited"]);
});

Deno.test("skip pipe makes it an error when nobody reads its output any more", async () => {
  await using here = await waiting();
  await using there = await Skip.start(here.to);
  await here.type("first\n");
  await there.stdout.until(/first/);
  await there.stdout.leave();
  const yes = "y\n".repeat(50_000);
  while (here.running) await here.type(yes).catch(() => here.ended);
  assertEquals([(await here.ended).code, (await there.ended).code], [1, 1]);
  assertMatch(there.stderr.text, /The output could not be written to its end/);
});

Deno.test({
  name: "tar c . | skip pipe, and skip pipe ID | tar x elsewhere: the folder is there",
  ignore: WINDOWS,
  async fn() {
    await using from = await temporaryFolder();
    await using to = await temporaryFolder();
    const data = crypto.getRandomValues(new Uint8Array(65_536));
    for (let i = 0; i < 50; i++) await Deno.writeFile(`${from.path}/file-${i}`, data.subarray(i));
    const { command, args, env } = await program(["pipe"]);
    const run = [command, ...args].join(" ");
    const shell = async (script: string, home: string) =>
      new Deno.Command("sh", { ...await apart(home, env), args: ["-c", script], stdin: "null" }).spawn();
    const sender = await shell(
      `tar c -C ${from.path} . | ${run} --bootstrap none ${LOCAL.join(" ")}`,
      from.path,
    );
    const words = sender.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    while (!/THIS-HOST:\d+/.test(said)) said += (await words.read()).value ?? "";
    const [, id, port] = said.match(/skip pipe (\w{52}) --bootstrap THIS-HOST:(\d+)/)!;
    const there = `${run} ${id} --bootstrap 127.0.0.1:${port} ${LOCAL.join(" ")}`;
    const receiver = await shell(`${there} | tar x -C ${to.path}`, to.path);
    const [sent, got] = await Promise.all([sender.status, receiver.output()]);
    for (let more = await words.read(); !more.done; more = await words.read()) said += more.value;
    await sender.stdout.cancel();
    assert(sent.success && got.success, said + new TextDecoder().decode(got.stderr));
    for (let i = 0; i < 50; i++) {
      assertEquals(await Deno.readFile(`${to.path}/file-${i}`), data.slice(i));
    }
  },
});

Deno.test("skip pipe refuses wrong values before it does anything", async () => {
  const table: [args: string[], why: RegExp][] = [
    [["nobody"], /no peer with the name "nobody"/],
    [["y".repeat(52), "y".repeat(52)], /takes no argument/],
    [["y".repeat(52), "--timeout", "0"], /--timeout is not valid/],
    [["--timeout", "5"], /--timeout is for the side with an ID/],
    [["--port", "x"], /--port is not valid/],
    [["--as-me"], /--as-me is for the side with an ID/],
    [["--token", "T"], /--token is for the side with an ID/],
    [["y".repeat(52), "--allow", "y".repeat(52)], /--allow is for the side without an ID/],
    [["y".repeat(52), "--port", "1"], /--port is for the side without an ID/],
    [["--invite-only"], /--invite-only needs --identity FILE/],
    [["--bootstrap", "x"], /--bootstrap is not valid/],
  ];
  await Promise.all(table.map(async ([args, why]) => {
    const { code, stdout, stderr } = await skip(["pipe", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, why);
  }));
});
