import { assertEquals } from "@std/assert";
import { openTarget, parseTarget } from "../../lib/targets/mod.ts";
import { freePort } from "../free_port.ts";
import { testFolder } from "./_folder.ts";
import { serveHttp } from "./_servers.ts";

const info = {
  remoteAddr: { transport: "tcp", hostname: "192.0.2.1", port: 1 },
  completed: Promise.resolve(),
} as const;

Deno.test("openTarget() serves what was asked for: a web server, a folder", async () => {
  await using server = serveHttp(() => new Response("from the server"));
  await using folder = await testFolder();
  for (
    const [text, words] of [[`${server.port}`, "from the server"], [folder.root, "hello, world"]] as const
  ) {
    const target = openTarget(await parseTarget(text));
    const response = await target(new Request("https://x/hello.txt"), info);
    assertEquals(await response.text(), words);
    target[Symbol.dispose]?.();
  }
});

Deno.test("openTarget() connects to nothing before somebody asks", async () => {
  const target = openTarget(await parseTarget(`${freePort()}`), { headTimeoutMs: 1000 });
  const response = await target(new Request("https://x/"), info);
  assertEquals(response.status, 502);
  await response.body?.cancel();
  target[Symbol.dispose]?.();
});

Deno.test("openTarget() serves a TCP service, and says how to reach it", async () => {
  const target = openTarget(await parseTarget("tcp:22"));
  const response = await target(new Request("https://x/"), info);
  assertEquals([response.status, response.headers.get("skip-service")], [426, "tcp"]);
  await response.body?.cancel();
});
