import { assertEquals, assertMatch } from "@std/assert";
import { generateIdentity } from "../../mod.ts";
import { events, serveAlone, Skip, skip } from "./_skip.ts";

Deno.test("skip ping tells each round trip and the path, and then how they were", async () => {
  await using server = await serveAlone();
  const { code, stdout, stderr } = await skip([
    "ping",
    server.id,
    "--bootstrap",
    server.bootstrap,
    "--count",
    "2",
  ]);
  assertEquals(code, 0, stderr);
  const [first, second, last] = stdout.trimEnd().split("\n");
  assertMatch(first!, /^1: \d+\.\d ms {2}\S+:\d+ \((?:host|ipv6)\)$/);
  assertMatch(second!, /^2: /);
  assertMatch(
    last!,
    /^2 of 2 came back, 0 % lost; min [\d.]+, median [\d.]+, p95 [\d.]+ ms; path \S+ \((?:host|ipv6)\)$/,
  );
});

Deno.test("skip ping --speed --json says how fast the line is", async () => {
  await using server = await serveAlone();
  const args = ["ping", server.id, "--bootstrap", server.bootstrap, "--count", "1", "--speed", "--json"];
  const { code, stdout } = await skip(args);
  const all = events(stdout).filter((e) => ["pong", "ping", "speed"].includes(e.type));
  assertEquals([code, all.map((e) => e.type)], [0, ["pong", "ping", "speed"]]);
  assertEquals(
    all[2]!.downBytesPerSecond > 1e6 && all[2]!.upBytesPerSecond > 1e6,
    true,
    JSON.stringify(all[2]),
  );
});

Deno.test("skip ping ends at Ctrl-C with what came back so far", async () => {
  await using server = await serveAlone();
  await using command = await Skip.start([
    "ping",
    server.id,
    "--bootstrap",
    server.bootstrap,
    "--count",
    "1000",
  ]);
  await command.stdout.until(/^1: /m);
  command.kill("SIGINT");
  const { code, stdout } = await command.ended;
  assertEquals(code, 0);
  assertMatch(stdout, /came back, 0 % lost/);
});

Deno.test("skip ping says that nobody has published the id, and refuses a wrong count", async () => {
  await using server = await serveAlone();
  const { code } = await skip(["ping", generateIdentity().id, "--bootstrap", server.bootstrap]);
  assertEquals(code, 3);
  for (const count of ["0", "x", "-1"]) {
    assertEquals((await skip(["ping", server.id, "--count", count])).code, 2, count);
  }
});
