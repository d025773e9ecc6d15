import { assertEquals } from "@std/assert";
import { loopbackPair } from "../../lib/tunnel/_loopback_pair.ts";

Deno.test("loopbackPair() gives the two ends of one connection", async () => {
  const [near, far] = await loopbackPair();
  assertEquals([near.localAddr, near.remoteAddr], [far.remoteAddr, far.localAddr]);
  await near.write(Uint8Array.of(7));
  const buffer = new Uint8Array(1);
  await far.read(buffer);
  assertEquals(buffer[0], 7);
  near.close();
  far.close();
});

Deno.test("loopbackPair() closes whoever else connects, and gives our own two ends", async () => {
  const { listen } = Deno;
  const intruders: Promise<Deno.TcpConn>[] = [];
  // Somebody who knows the port as soon as it is open, and is faster than we are.
  Deno.listen = ((options: Deno.TcpListenOptions) => {
    const listener = listen(options);
    intruders.push(Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }));
    return listener;
  }) as typeof Deno.listen;
  try {
    const [near, far] = await loopbackPair();
    assertEquals(near.localAddr, far.remoteAddr);
    const intruder = await intruders[0]!;
    assertEquals(await intruder.read(new Uint8Array(1)).catch(() => null), null);
    for (const conn of [near, far, intruder]) conn.close();
  } finally {
    Deno.listen = listen;
  }
});
