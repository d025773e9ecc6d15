/** Each way to listen, whichever of them this system would take. */
import { assertEquals, assertRejects } from "@std/assert";
import { boundSocket } from "../../lib/punch/_bound_socket.ts";
import { listen, listenAnywhere, type Listener } from "../../lib/punch/_listener.ts";
import type { Listening } from "../../lib/punch/_systems.ts";
import { type ByteStream, dialUnbound } from "../../lib/punch/mod.ts";

const WAYS: Record<string, Listening> = {
  "Deno's listener": { by: "deno", isDualStack: true },
  "one listener of node:net": { by: "node", isDualStack: true },
  "a listener of node:net for each family": { by: "node", isDualStack: false },
};

const HAS_IPV6 = Deno.networkInterfaces().some(({ address }) => address === "::1");

/** A listener, and what comes in on it. */
async function open(how: Listening): Promise<{ listener: Listener; next: () => Promise<ByteStream> }> {
  const came: ByteStream[] = [], wanted: ((stream: ByteStream) => void)[] = [];
  const take = (stream: ByteStream) => {
    const want = wanted.shift();
    if (want) want(stream);
    else came.push(stream);
  };
  const listener = await listen(0, take, how);
  const next = () => {
    const stream = came.shift();
    return stream ? Promise.resolve(stream) : new Promise<ByteStream>((resolve) => wanted.push(resolve));
  };
  return { listener, next };
}

/** Has somebody connect three times and break off with RST, before this thread can take the connections. */
async function resetBeforeTaken(port: number): Promise<void> {
  const worker = new Worker(new URL("testdata/reset_worker.ts", import.meta.url), { type: "module" });
  await new Promise((resolve) => worker.onmessage = resolve);
  const over = new Int32Array(new SharedArrayBuffer(4));
  worker.postMessage({ port, over });
  Atomics.wait(over, 0, 0, 10_000);
  worker.terminate();
}

for (const [name, how] of Object.entries(WAYS)) {
  Deno.test(`listen() by ${name} takes connections over IPv4, and IPv6 where there is such`, async () => {
    const { listener, next } = await open(how);
    for (const hostname of ["127.0.0.1", ...HAS_IPV6 ? ["::1"] : []]) {
      const [out, incoming] = await Promise.all([dialUnbound({ hostname, port: listener.port }), next()]);
      assertEquals(incoming.remoteAddr, { hostname, port: out.localAddr.port });
      out.close();
      incoming.close();
    }
    await listener.close();
    await listener.close();
  });

  Deno.test(`listen() by ${name} leaves its port to connections that we open`, async () => {
    const { listener } = await open(how);
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const socket = boundSocket("127.0.0.1", listener.port);
    socket.connect({ host: "127.0.0.1", port: other.addr.port });
    using conn = await other.accept();
    assertEquals(conn.remoteAddr.port, listener.port);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.destroy();
    await closed;
    await listener.close();
  });

  Deno.test(`listen() by ${name} goes on after connections that were reset before it took them`, async () => {
    const { listener, next } = await open(how);
    const hasCome = next();
    await resetBeforeTaken(listener.port);
    const out = await dialUnbound({ hostname: "127.0.0.1", port: listener.port });
    // Those before it may come as well: reading from them fails.
    let incoming = await hasCome;
    while (incoming.remoteAddr.port !== out.localAddr.port) {
      incoming.close();
      incoming = await next();
    }
    out.close();
    incoming.close();
    await listener.close();
  });

  Deno.test(`listen() by ${name} says that a port is taken`, async () => {
    for (const hostname of ["0.0.0.0", ...HAS_IPV6 ? ["::"] : []]) {
      using taken = Deno.listen({ hostname, port: 0 });
      await assertRejects(() => listen(taken.addr.port, (s) => s.close(), how), Deno.errors.AddrInUse);
    }
  });
}

Deno.test("listenAnywhere() draws from the upper half", async () => {
  const listener = await listenAnywhere((stream) => stream.close());
  assertEquals(listener.port >= 0x8000, true, `${listener.port}`);
  await listener.close();
});
