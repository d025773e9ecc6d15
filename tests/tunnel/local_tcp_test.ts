import { assertEquals, assertRejects } from "@std/assert";
import { utf8 } from "../../lib/bytes.ts";
import { dialTcp, listenTcp, type LocalStream } from "../../lib/tunnel/mod.ts";

const FOREVER = new AbortController().signal;
const anyPort = { hostname: "127.0.0.1", port: 0 };

Deno.test("listenTcp() gives connections that can be read from their beginning, or reset", async () => {
  const streams = Promise.withResolvers<LocalStream>();
  let opened = 0;
  await using listener = await listenTcp(anyPort, (connection) => {
    if (opened++ === 0) streams.resolve(connection.open());
    else connection.reset();
  });
  const conn = await Deno.connect(listener.addr);
  await conn.write(utf8("hello"));
  const stream = await streams.promise;
  const buffer = new Uint8Array(8);
  assertEquals(await stream.read(buffer), 5);
  stream.reset();
  await assertRejects(() => conn.read(buffer), Deno.errors.ConnectionReset);
  conn.close();

  const refused = async () => {
    using second = await Deno.connect(listener.addr); // the reset may come as early as this
    await second.read(buffer);
  };
  await assertRejects(refused, Deno.errors.ConnectionReset);
});

Deno.test("listenTcp() reads nothing before the connection is opened", async () => {
  const arrived = Promise.withResolvers<{ open(): LocalStream }>();
  await using listener = await listenTcp(anyPort, arrived.resolve);
  const conn = await Deno.connect(listener.addr);
  await conn.write(utf8("early"));
  await conn.closeWrite();
  const waiting = await arrived.promise;
  await new Promise((resolve) => setTimeout(resolve, 0));
  const stream = waiting.open();
  const buffer = new Uint8Array(8);
  assertEquals([await stream.read(buffer), await stream.read(buffer)], [5, null]);
  await stream.closeWrite();
  assertEquals(await conn.read(buffer), null);
  stream.close();
  conn.close();
});

Deno.test("listenTcp() says that the port is taken", async () => {
  using holder = Deno.listen(anyPort);
  const error = await assertRejects(() => listenTcp(holder.addr, () => {}), Deno.errors.AddrInUse);
  assertEquals(error.message.includes(`port ${holder.addr.port} is in use`), true);
});

Deno.test("dialTcp() connects, and rejects with what the system says or the signal's reason", async () => {
  const listener = Deno.listen(anyPort);
  const stream = await dialTcp(listener.addr, FOREVER);
  const conn = await listener.accept();
  assertEquals(stream.localAddr.port, conn.remoteAddr.port);
  stream.reset!();
  stream.reset!();
  await assertRejects(() => conn.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
  conn.close();
  listener.close();
  const error = await assertRejects(() => dialTcp(listener.addr, FOREVER), Error);
  assertEquals((error as { code?: string }).code, "ECONNREFUSED");
  await assertRejects(() => dialTcp(listener.addr, AbortSignal.abort(new Error("enough"))), Error, "enough");
});
