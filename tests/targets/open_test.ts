import { assertEquals } from "@std/assert";
import { concat } from "../../lib/bytes.ts";
import { openTarget, parseTarget, type Target } from "../../lib/targets/mod.ts";
import { freePort } from "../free_port.ts";
import { testFolder } from "./_folder.ts";
import { serveHttp } from "./_servers.ts";

const info = {
  remoteAddr: { transport: "tcp", hostname: "192.0.2.1", port: 1 },
  completed: Promise.resolve(),
} as const;

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

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

Deno.test("openTarget() passes on every byte of a large answer, with a length or in chunks, however it is read", async () => {
  const bytes = new Uint8Array(32 * 1024 * 1024);
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  const sum = await digest(bytes);
  const inChunks = () => new Blob([bytes]).stream();
  await using server = serveHttp(({ url }) => new Response(url.endsWith("chunks") ? inChunks() : bytes));
  using target = openTarget(await parseTarget(`${server.port}`)) as Target & Disposable;
  await using front = serveHttp((request, info) => target(request, info));
  for (const path of ["/whole", "/chunks"]) {
    for (const pauses of [false, true]) {
      const { body } = await fetch(front.origin + path);
      const parts: Uint8Array[] = [];
      for await (const part of body!) {
        parts.push(part);
        if (pauses && parts.length % 64 === 0) await new Promise((resolve) => setTimeout(resolve));
      }
      assertEquals(await digest(concat(...parts)), sum, `${path} ${pauses}`);
    }
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
