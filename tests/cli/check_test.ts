import { assertEquals, assertMatch } from "@std/assert";
import { events, serveAlone, Skip, skip } from "./_skip.ts";

/** `skip check` that asks one peer, and neither the router of this network nor anybody outside. */
function checkBy(peer: string): string[] {
  return ["check", "--bootstrap", peer, "--stun", peer, "--no-map"];
}

Deno.test("skip check prints a report, and last the line for a friend", async () => {
  await using server = await serveAlone();
  const { code, stdout, stderr } = await skip(checkBy(server.bootstrap));
  assertEquals(code, 0, stderr);
  const lines = stdout.trimEnd().split("\n");
  assertMatch(stdout, /^TCP mapping +none: no address translation$/m);
  assertMatch(stdout, /^DHT +reachable/m);
  assertEquals(lines.at(-1), "skip1 open");
  assertMatch(stderr, /skip check --with "skip1 open"/);
});

Deno.test("skip check --line prints the line alone, and --json one object", async () => {
  await using server = await serveAlone();
  const args = checkBy(server.bootstrap);
  assertEquals((await skip([...args, "--line", "--quiet"])).stdout, "skip1 open\n");
  const { stdout, stderr } = await skip([...args, "--json"]);
  const [report, ...more] = events(stdout);
  assertEquals([report!.type, report!.line, more.length, stderr], ["check", "skip1 open", 0, ""]);
  assertEquals(report!.servers.map((s: { observer: boolean }) => s.observer), [true]);
});

Deno.test("skip check --with says how the two connect, or ends with 4 and why not", async () => {
  await using server = await serveAlone();
  const args = [...checkBy(server.bootstrap), "--with"];
  const good = await skip([...args, "skip1 preserving/port/silence"]);
  assertEquals(good.code, 0, good.stderr);
  assertMatch(good.stdout, /^The two networks connect directly \(plain, \d+ %\): .+\.\n$/);
  const bad = await skip([...args, "skip1 preserving/port/silence/web"]);
  assertEquals([bad.code, bad.stdout], [4, ""]);
  assertMatch(bad.stderr, /skip: The two networks will not connect directly\n {2}why: .+\n {2}try: .+\n$/);
  const json = events((await skip([...args, "skip1 preserving/port/silence/web", "--json"])).stdout);
  assertEquals(json.map((e) => [e.type, e.code ?? e.strategy]), [["prospects", "none"], [
    "error",
    "no-direct-path",
  ]]);
});

Deno.test("skip check fails where nobody answers, and says so", async () => {
  const { code, stdout } = await skip(checkBy("127.0.0.1:9"));
  assertEquals(code, 1);
  assertMatch(stdout, /^DHT +out of reach$/m);
  assertMatch(stdout, /^Nobody could be asked.*\n\nskip1 unknown\n$/m);
});

Deno.test("skip check refuses wrong values", async () => {
  const table: [args: string[], why: RegExp][] = [
    [["--with", "garbage"], /--with is no line of skip check/],
    [["--with", "skip2 preserving"], /--with is no line/],
    [["--with", "x".repeat(5000)], /--with is no line/],
    [["--stun", "nowhere"], /--stun is not valid: "nowhere"/],
    [["--stun", "host:0"], /--stun is not valid/],
    [["--bootstrap", "nowhere"], /--bootstrap is not valid/],
    [["extra"], /takes no argument "extra"/],
  ];
  for (const [args, why] of table) {
    const { code, stdout, stderr } = await skip(["check", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, why);
  }
});

Deno.test("skip check ends at Ctrl-C", async () => {
  await using command = await Skip.start(checkBy("127.0.0.1:9"));
  await command.stderr.until(/Looking at this network/);
  command.kill("SIGINT");
  assertEquals((await command.ended).code, 130);
});
