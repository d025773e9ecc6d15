/** What may go wrong with the process of `skip forward`: it goes on. */
import { assertEquals } from "@std/assert";
import { tcpTarget } from "../../lib/targets/mod.ts";
import { limitDescriptors } from "../process_faults.ts";
import { Skip } from "./_skip.ts";
import { serveThere } from "./_there.ts";

/** Echoes on every connection until it is closed. */
function startEcho(): { port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const done = (async () => {
    for await (const conn of listener) void conn.readable.pipeTo(conn.writable).catch(() => {});
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await done;
    },
  };
}

async function echoed(conn: Deno.TcpConn): Promise<string> {
  await conn.write(new TextEncoder().encode("here"));
  const buffer = new Uint8Array(16);
  const n = await conn.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, n ?? 0));
}

Deno.test({
  name: "skip forward goes on after it has had no descriptor left: who has come meanwhile is served, too",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using echo = startEcho();
    await using there = await serveThere(tcpTarget({ hostname: "127.0.0.1", port: echo.port }));
    await using here = await Skip.start(["forward", there.id, ...there.bootstrap, "--no-stun", "--no-map"]);
    const [, port] = await here.stdout.until(/^127\.0\.0\.1:(\d+)/m);
    const connect = () => Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    using before = await connect();
    assertEquals(await echoed(before), "here");
    const giveBack = await limitDescriptors(here.pid, 0);
    using meanwhile = await connect(); // its kernel takes it, and nobody else
    assertEquals(await echoed(before), "here");
    await giveBack();
    assertEquals(await echoed(meanwhile), "here");
    using after = await connect();
    assertEquals(await echoed(after), "here");
  },
});
