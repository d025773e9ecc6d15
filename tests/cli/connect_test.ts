import { assert, assertEquals, assertMatch } from "@std/assert";
import { serve } from "../../mod.ts";
import { events, serveAlone, type Serving, Skip, skip } from "./_skip.ts";

const GREETING = "Welcome: you are connected, peer to peer. What you send comes back.";
/** An id that nobody has. */
const NOBODY = "y".repeat(52);
const WINDOWS = Deno.build.os === "windows";

/** The arguments that reach a server which is alone in its network. */
function to({ id, bootstrap }: Pick<Serving, "id" | "bootstrap">, ...flags: string[]): string[] {
  return ["connect", id, "--bootstrap", bootstrap, ...flags];
}

Deno.test("skip connect pipes lines there and back, and ends with 0", async () => {
  await using server = await serveAlone();
  const { code, stdout, stderr } = await skip(to(server), { input: "a\ngrüße 👋\n\nlast without an end" });
  assertEquals([code, stdout], [0, `${GREETING}\na\ngrüße 👋\n\nlast without an end\n`]);
  const stages = stderr.trimEnd().split("\n").map((line) => line.split(" ")[0]);
  assertEquals(stages.filter((s) => s !== "knock"), ["dht", "lookup", "candidates", "punch", "open"]);

  const quiet = await skip(to(server, "--quiet"), { input: "b\n" });
  assertEquals(quiet, { code: 0, stdout: `${GREETING}\nb\n`, stderr: "" });
});

Deno.test("skip connect carries more than fits in any buffer, in order", async () => {
  await using server = await serveAlone();
  const input = Array.from({ length: 20_000 }, (_, i) => `${i} ${"x".repeat(i % 200)}\n`).join("");
  const { code, stdout } = await skip(to(server, "--quiet"), { input });
  assertEquals([code, stdout.length], [0, GREETING.length + 1 + input.length]);
  assert(stdout === `${GREETING}\n${input}`); // assertEquals would print megabytes
});

Deno.test("skip connect --json prints the documented objects and nothing else", async () => {
  await using server = await serveAlone();
  const { code, stdout, stderr } = await skip(to(server, "--json"), { input: "hello\n" });
  assertEquals([code, stderr], [0, ""]);
  const all = events(stdout);
  const one = (type: string) => all.find((event) => event.type === type)!;
  const order = all.map(({ type }) => type).filter((type) => type !== "knock"); // it may come at any time
  const known = ["online", "resolved", "candidates", "strategy"];
  assertEquals(order, [...known, "path", "open", "message", "message", "closed"]);
  assertEquals(one("strategy").strategy, "plain");
  for (const type of ["online", "resolved", "path", "open"]) assert(one(type).ms >= 0, type);
  const { local, remote, nat, remoteNat } = one("candidates");
  assert([local, remote].every((list) => list.every((text: string) => /:\d+$/.test(text))));
  assertEquals([typeof nat, typeof remoteNat], ["string", "string"]);
  const { kind, remote: end, rttMs } = one("path");
  assert(["host", "reflexive", "ipv6"].includes(kind) && /:\d+$/.test(end) && rttMs > 0);
  assertEquals(all.filter(({ type }) => type === "message"), [
    { type: "message", data: GREETING },
    { type: "message", data: "hello" },
  ]);
  assertEquals(one("closed"), { type: "closed", code: 1000, reason: "" });
});

Deno.test("skip connect --path reaches the handler; bytes come out as base64; a refusal is an error", async () => {
  const controller = new AbortController();
  await using server = await serve((request) => {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/nothing") return new Response("no", { status: 404 });
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => {
      socket.send(pathname + search);
      socket.send(Uint8Array.of(0, 255));
      socket.close(1000, "that was all");
    };
    return response;
  }, { bootstrap: [], signal: controller.signal });
  const there = { id: server.id, bootstrap: `127.0.0.1:${server.port}` };

  await using guest = await Skip.start(to(there, "--path", "/room/7?x=%20", "--json"));
  const { code, stdout } = await guest.ended; // the other side closes; our input is still open
  const said = events(stdout).filter(({ type }) => type === "message" || type === "closed");
  assertEquals([code, ...said], [
    0,
    { type: "message", data: "/room/7?x=%20" },
    { type: "message", data: "AP8=", encoding: "base64" },
    { type: "closed", code: 1000, reason: "that was all" },
  ]);

  const refused = await skip(to(there, "--path", "/nothing", "--json"));
  const error = events(refused.stdout).at(-1)!;
  assertEquals([refused.code, error.type, error.code], [1, "error", "tunnel-failed"]);
});

Deno.test("skip connect ends at Ctrl-C with 130, and says goodbye", async () => {
  await using server = await serveAlone(["--ephemeral", "--json"]);
  await using client = await Skip.start(to(server, "--json"));
  await client.event("message");
  client.kill("SIGINT");
  const { code, stdout } = await client.ended;
  assertEquals([code, events(stdout).at(-1)!.code], [130, "interrupted"]);
  assertEquals((await client.event("closed")).code, 1000);
  await server.event("disconnected");
});

Deno.test("skip connect ends with 0 when nobody reads its output any more, whatever is still typed", async () => {
  await using server = await serveAlone();
  await using client = await Skip.start(to(server));
  await client.stdout.until(/^Welcome.*\n/);
  await client.stdout.leave();
  const yes = "y\n".repeat(500); // yes | skip connect ID | head -1
  while (client.running) await client.type(yes).catch(() => client.ended);
  const { code, stderr } = await client.ended;
  assertEquals([code, /skip:|rror/.test(stderr)], [0, false]);
});

Deno.test({
  name: "skip connect ends at once at the second Ctrl-C, though its peer does not answer",
  ignore: WINDOWS,
  async fn() {
    await using server = await serveAlone();
    await using client = await Skip.start(to(server));
    await client.stdout.until(/^Welcome/);
    server.kill("SIGSTOP");
    const start = performance.now();
    client.kill("SIGINT");
    while (client.running) {
      client.kill("SIGINT"); // two that are pending at once are delivered as one
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    server.kill("SIGKILL");
    assertEquals((await client.ended).code, 130);
    assert(performance.now() - start < 2000);
  },
});

Deno.test({
  name: "skip connect ends soon at Ctrl-C, though its peer does not answer the goodbye",
  ignore: WINDOWS,
  async fn() {
    await using server = await serveAlone();
    await using client = await Skip.start(to(server, "--json"));
    await client.event("message");
    server.kill("SIGSTOP");
    client.kill("SIGINT");
    const { code, stdout } = await client.ended;
    server.kill("SIGKILL");
    assertEquals([code, events(stdout).at(-1)!.code], [130, "interrupted"]);
  },
});

Deno.test({
  name: "skip connect --timeout ends an attempt with 124, and Ctrl-C with 130, while the peer is silent",
  ignore: WINDOWS,
  async fn() {
    await using node = await Skip.start(["dht", "--host", "127.0.0.1", "--bootstrap", "none"]);
    const [, bootstrap] = await node.stdout.until(/^(.+)\n/);
    const there = { id: NOBODY, bootstrap: bootstrap! };
    node.kill("SIGSTOP");
    const start = performance.now();
    const [late, interrupted] = await Promise.all([
      skip(to(there, "--timeout", "1", "--json")),
      (async () => {
        await using client = await Skip.start(to(there));
        await client.stderr.until(/no node answers/);
        client.kill("SIGINT");
        return await client.ended;
      })(),
    ]);
    node.kill("SIGKILL");
    assertEquals([late.code, events(late.stdout).at(-1)!.code, interrupted.code], [124, "timeout", 130]);
    assert(performance.now() - start < 8000);
  },
});

Deno.test("skip connect says who is not there: nobody, or nobody by that id", async () => {
  await using node = await Skip.start(["dht", "--host", "127.0.0.1", "--bootstrap", "none"]);
  const [, bootstrap] = await node.stdout.until(/^(.+)\n/);
  const { code, stdout } = await skip(["connect", NOBODY, "--bootstrap", bootstrap!, "--json"]);
  const error = events(stdout).at(-1)!;
  assertEquals([code, error.type, error.code], [3, "error", "not-found"]);
  assertMatch(error.hint, /Check the id/);
});

Deno.test("skip connect refuses wrong values before it does anything", async () => {
  const table: [args: string[], why: RegExp, hint: RegExp][] = [
    [[], /needs an argument/, /skip help connect/],
    [[""], /must have 52 characters, not 0/, /skip serve prints it/],
    [["hello world"], /"l" at position 3 is not one of/, /skip serve prints it/],
    [[`${NOBODY.slice(1)}0`], /"0" at position 52 is not one of/, /skip serve prints it/],
    [[`${NOBODY}y`], /must have 52 characters, not 53/, /skip serve prints it/],
    [[NOBODY.slice(1)], /must have 52 characters, not 51/, /skip serve prints it/],
    [[`${NOBODY.slice(1)}b`], /last character is wrong/, /skip serve prints it/],
    [[NOBODY, NOBODY], /takes no argument/, /skip help connect/],
    [[NOBODY, "--timeout", "0"], /--timeout is not valid: "0"/, /from 1 to/],
    [[NOBODY, "--timeout", "1e3"], /--timeout is not valid/, /whole number/],
    [[NOBODY, "--timout", "3"], /no flag --timout/, /Did you mean --timeout\?/],
    [[NOBODY, "--path", "//elsewhere/"], /--path is not valid/, /begins with one \//],
    [[NOBODY, "--path", "news"], /--path is not valid/, /begins with one \//],
    [[NOBODY, "--port", "80"], /no flag --port/, /--path|skip help connect/],
    [[NOBODY, "--bootstrap", "nowhere"], /--bootstrap is not valid: "nowhere"/, /HOST:PORT/],
    [[NOBODY, "--bootstrap"], /--bootstrap needs a value/, /skip help connect/],
  ];
  await Promise.all(table.map(async ([args, why, hint]) => {
    const { code, stdout, stderr } = await skip(["connect", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, why);
    assertMatch(stderr, hint);
  }));
});
