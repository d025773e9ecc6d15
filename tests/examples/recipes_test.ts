/** The recipes of examples/README.md that need no program: a TCP service here, on a local port elsewhere. */
import { assertEquals } from "@std/assert";
import { ROOT } from "../../tools/run_flags.ts";
import { serveAlone, Skip } from "../cli/_skip.ts";
import { freePort } from "../free_port.ts";

/** A service that greets, as ssh and many others do, and then echoes. */
function greeter() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const conn of listener) {
      await conn.write(new TextEncoder().encode("welcome\n"));
      void conn.readable.pipeTo(conn.writable).catch(() => {}); // it hung up
    }
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

Deno.test("examples/README.md speaks of commands that are there", async () => {
  const text = await Deno.readTextFile(new URL("examples/README.md", ROOT));
  const commands = [...text.matchAll(/^skip (\w+)/gm)].map(([, command]) => command!);
  assertEquals([...new Set(commands)].sort(), ["forward", "serve"]);
  for await (const { name } of Deno.readDir(new URL("examples/", ROOT))) {
    if (name.endsWith(".ts")) assertEquals(text.includes(`[${name}](${name})`), true, name);
  }
});

Deno.test("examples/README.md: skip serve tcp:PORT here is skip forward ID PORT there", async () => {
  await using service = greeter();
  await using server = await serveAlone([`tcp:${service.port}`, "--ephemeral"]);
  const local = freePort();
  await using forward = await Skip.start([
    "forward",
    server.id,
    `${local}`,
    "--bootstrap",
    server.bootstrap,
  ]);
  await Promise.race(
    [forward.stdout, forward.stderr].map((said) => said.until(new RegExp(`\\b${local}\\b`))),
  );
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: local });
  const reader = conn.readable.pipeThrough(new TextDecoderStream()).getReader();
  const hear = async (wanted: string) => {
    for (let text = ""; text !== wanted;) text += (await reader.read()).value;
  };
  await hear("welcome\n");
  await conn.write(new TextEncoder().encode("and back"));
  await hear("and back");
  await reader.cancel();
});
