import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { commandLine, mainModule, ownInvocation } from "../../cli/_invocation.ts";

const DENO = { execPath: "/usr/bin/deno", standalone: false };

Deno.test("commandLine() starts a file as a file, what came from JSR from JSR, and a compiled program itself", () => {
  const fromFile = commandLine({ ...DENO, main: "file:///a%20b/cli/main.ts" }, "dht");
  assertEquals(fromFile, [
    ...["/usr/bin/deno", "run", "--quiet", "--no-prompt", "--allow-net", "--ignore-env"],
    ...["/a b/cli/main.ts", "dht"],
  ]);
  const fromJsr = commandLine({ ...DENO, main: "https://jsr.io/@x/y/0.1.0/cli/main.ts" }, "id");
  assertEquals(fromJsr.slice(-2), [`jsr:${config.name}@${config.version}/cli`, "id"]);
  const compiled = { execPath: "/opt/skip", standalone: true, main: "file:///tmp/deno-compile/main.ts" };
  assertEquals(commandLine(compiled, "serve"), ["/opt/skip", "serve"]);
});

Deno.test("commandLine() of this very process runs", async () => {
  const own = ownInvocation();
  assertEquals([own.execPath, own.main.endsWith("/cli/main.ts")], [Deno.execPath(), true]);
  assertEquals(await Deno.stat(new URL(own.main)).then(({ isFile }) => isFile), true);
});

Deno.test("mainModule() is beside this one, or that of the process where all are bundled", () => {
  assertEquals(
    mainModule("https://jsr.io/@x/y/0.1.0/cli/_invocation.ts"),
    "https://jsr.io/@x/y/0.1.0/cli/main.ts",
  );
  assertEquals(mainModule("file:///a/serve-XYZ.js"), Deno.mainModule);
});
