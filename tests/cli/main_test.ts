import { assertEquals, assertMatch } from "@std/assert";
import { main } from "../../cli/main.ts";
import { addressScope } from "../../lib/endpoint.ts";
import { readConfig } from "../../tools/run_flags.ts";
import { IS_EXECUTABLE, program } from "../program.ts";
import { apart } from "../skip_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { events, serveAlone, Skip, skip } from "./_skip.ts";

/** An id that nobody has. */
const NOBODY = "y".repeat(52);

Deno.test("skip alone shows the overview", async () => {
  const { code, stdout, stderr } = await skip([]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout, (await skip(["help"])).stdout);
  assertEquals(stdout, (await skip(["--help"])).stdout);
});

Deno.test("skip --version prints what deno.json says", async () => {
  const { version } = await readConfig();
  for (const flag of ["--version", "-V"]) {
    assertEquals(await skip([flag]), { code: 0, stdout: `skip ${version}\n`, stderr: "" });
  }
  const { stdout } = await skip(["--version", "--json"]);
  assertEquals(events(stdout), [{ type: "version", version }]);
});

Deno.test("skip suggests the nearest command for a mistyped one", async () => {
  const { code, stdout, stderr } = await skip(["conect", NOBODY]);
  assertEquals([code, stdout], [2, ""]);
  assertEquals(
    stderr,
    `skip: The command is not right\n  why:  There is no command "conect"\n  try:  Did you mean skip connect?\n`,
  );
  for (const word of ["frobnicate", "constructor", "--serve"]) {
    for (const more of [[], ["--help"]]) {
      const { code, stdout } = await skip([word, "--json", ...more]);
      const [event] = events(stdout);
      assertEquals([code, event!.type, event!.code], [2, "error", "usage"], word);
    }
  }
});

Deno.test("skip shows stack traces with --verbose only", async () => {
  for (const flags of [[], ["--verbose"]]) {
    const { stderr } = await skip(["id", "me", ...flags]);
    assertEquals(/^ +at /m.test(stderr), flags.length > 0);
  }
});

Deno.test("main() gives the exit code", async () => {
  assertEquals(await main(["id", "--identity"]), 2);
});

Deno.test({
  name: "skip serve names no address of this machine without sys permission",
  ignore: IS_EXECUTABLE,
  async fn() {
    const own = Deno.networkInterfaces().map(({ address }) => address)
      .filter((address) => ["global", "private"].includes(addressScope(address)));
    for (const sys of [[], ["--allow-sys=networkInterfaces"]]) {
      const permissions = ["--allow-net", "--ignore-env", ...sys];
      await using server = await serveAlone(["--ephemeral", "--json"], { permissions });
      const { local } = await server.event("candidates");
      const named = own.filter((address) => local.some((endpoint: string) => endpoint.includes(address)));
      assertEquals(named, sys.length > 0 ? own : []);
    }
  },
});

Deno.test("deno task skip passes stdin, stdout, exit code and signals through", async () => {
  const options = { task: true };
  assertEquals((await skip(["conect"], options)).code, 2);
  await using server = await serveAlone(["--ephemeral"], options);
  const { code, stdout } = await skip(["connect", server.id, "--bootstrap", server.bootstrap], {
    ...options,
    input: "through the task\n",
  });
  assertEquals([code, stdout.split("\n").slice(1)], [0, ["through the task", ""]]);
  server.kill("SIGINT");
  assertEquals((await server.ended).code, 130);
  const port = Number(server.bootstrap.split(":")[1]);
  Deno.listen({ port }).close(); // nobody serves on behind the task
});

Deno.test({
  name: "skip says on stderr that its stdout takes nothing, also with --json",
  ignore: Deno.build.os !== "linux", // elsewhere there is no /dev/full
  async fn() {
    for (const flags of [[], ["--json"]]) {
      await using home = await temporaryFolder();
      const { command, args, env } = await program(["help", ...flags]);
      const { code, stderr } = await new Deno.Command("sh", {
        ...await apart(home.path, env),
        args: ["-c", 'exec "$@" > /dev/full', "sh", command, ...args],
        stdin: "null",
      }).output();
      assertEquals(code, 1);
      assertMatch(new TextDecoder().decode(stderr), /^skip: It failed\n {2}why: {2}No space left on device/);
    }
  },
});

Deno.test("skip help does not fail when its reader leaves", async () => {
  await using command = await Skip.start(["help"]);
  await command.stdout.leave();
  const { code, stderr } = await command.ended;
  assertEquals([code, stderr], [0, ""]);
});
