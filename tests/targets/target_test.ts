import { assertEquals } from "@std/assert";
import { closable } from "../../lib/targets/target.ts";

Deno.test("closable() is the target it was made of, and closes in either way", async () => {
  let closed = 0;
  const target = closable((_request, _info, mount) => new Response(mount), () => void closed++);
  const info = {
    remoteAddr: { transport: "tcp", hostname: "192.0.2.1", port: 1 },
    completed: Promise.resolve(),
  } as const;
  assertEquals(await (await target(new Request("http://x/"), info, "/a")).text(), "/a");
  target.close();
  target[Symbol.dispose]();
  assertEquals(closed, 2);
});
