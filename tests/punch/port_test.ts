import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ByteStream, dialUnbound, openPort, type PunchPort } from "../../lib/punch/mod.ts";
import { readAll } from "../_streams.ts";

/** A port, and what came in on it. */
async function portWithQueue(): Promise<{ port: PunchPort; next: () => Promise<ByteStream> }> {
  const waiting: ByteStream[] = [];
  const wanted: ((stream: ByteStream) => void)[] = [];
  const port = await openPort({
    port: 0,
    onConnection: (stream) => wanted.shift()?.(stream) ?? waiting.push(stream),
  });
  const next = () => {
    const stream = waiting.shift();
    return stream ? Promise.resolve(stream) : new Promise<ByteStream>((resolve) => wanted.push(resolve));
  };
  return { port, next };
}

const at = (port: number) => ({ hostname: "127.0.0.1", port });

Deno.test("openPort() dials from the port on which it listens", async () => {
  const a = await portWithQueue(), b = await portWithQueue();
  await using _a = a.port, _b = b.port;
  const [out, incoming] = await Promise.all([a.port.dial(at(b.port.port)), b.next()]);
  assertEquals(out.localAddr.port, a.port.port);
  assertEquals(incoming.remoteAddr, at(a.port.port));

  const [back, accepted] = await Promise.all([dialUnbound(at(a.port.port)), a.next()]);
  for (const stream of [out, incoming, back, accepted]) stream.close();
});

Deno.test("openPort() draws a free port at random from the upper half", async () => {
  const numbers = new Set<number>();
  for (let i = 0; i < 32; i++) {
    await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
    assert(port.port >= 32_768, `${port.port}`);
    numbers.add(port.port);
  }
  assert(numbers.size > 28, "hardly any port twice");
  const even = [...numbers].filter((n) => n % 2 === 0);
  assert(even.length > 0, "even ones too, of which Linux would give none");
});

Deno.test("PunchPort.dial() carries bytes both ways, and half-close", async () => {
  const a = await portWithQueue(), b = await portWithQueue();
  await using _a = a.port, _b = b.port;
  const [out, incoming] = await Promise.all([a.port.dial(at(b.port.port)), b.next()]);
  const question = crypto.getRandomValues(new Uint8Array(50_000));
  const asked = readAll(incoming);
  for (let n = 0; n < question.length;) n += await out.write(question.subarray(n));
  await out.closeWrite();
  assertEquals(await asked, question);

  await incoming.write(Uint8Array.of(42));
  await incoming.closeWrite();
  assertEquals(await readAll(out), Uint8Array.of(42));
  for (const stream of [out, incoming]) stream.close();
});

const IPV6 = Deno.networkInterfaces().some((i) => i.address === "::1");
// deno-lint-ignore no-console -- a skipped test says why
if (!IPV6) console.log("skipped: a test of IPv6, since this machine has no ::1");

Deno.test({
  name: "openPort() listens and dials over IPv6 too, from the same port",
  ignore: !IPV6,
  async fn() {
    const a = await portWithQueue(), b = await portWithQueue();
    await using _a = a.port, _b = b.port;
    const [out, incoming] = await Promise.all([
      a.port.dial({ hostname: "::1", port: b.port.port }),
      b.next(),
    ]);
    assertEquals(incoming.remoteAddr, { hostname: "::1", port: a.port.port });
    out.close();
    incoming.close();
  },
});

Deno.test("PunchPort.dial() stops taking bytes when nobody reads", async () => {
  const a = await portWithQueue(), b = await portWithQueue();
  await using _a = a.port, _b = b.port;
  const [out, incoming] = await Promise.all([b.port.dial(at(a.port.port)), a.next()]);
  const chunk = new Uint8Array(1024 * 1024);
  let written = 0;
  const writing = (async () => {
    for (; written < 256; written++) await incoming.write(chunk);
  })().catch(() => {});
  await out.read(new Uint8Array(1));
  for (let before = -1; before !== written;) { // until it has come to rest
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assertEquals(written < 64, true, `${written} MiB were taken`);
  out.close();
  incoming.close();
  await writing;
});

Deno.test("PunchPort.dial() fails with the code of the refusal", async () => {
  const a = await portWithQueue();
  await using _a = a.port;
  const { port } = await openPort({ port: 0, onConnection: (s) => s.close() }).then(async (p) => {
    await p.close();
    return p;
  });
  const error = await assertRejects(() => a.port.dial(at(port)), Error);
  assertEquals((error as { code?: string }).code, "ECONNREFUSED");
});

Deno.test("PunchPort.dial() rejects with the reason of its signal", async () => {
  const a = await portWithQueue();
  await using _a = a.port;
  const reason = new Error("enough");
  const error = await assertRejects(() => a.port.dial(at(9), { signal: AbortSignal.abort(reason) }));
  assertEquals(error, reason);
});

Deno.test("a stream of a bound dial reports a reset, and refuses writes after close()", async () => {
  const a = await portWithQueue(), b = await portWithQueue();
  await using _a = a.port, _b = b.port;
  const [out, incoming] = await Promise.all([a.port.dial(at(b.port.port)), b.next()]);
  out.close();
  out.close();
  await assertRejects(() => out.write(Uint8Array.of(1)), Deno.errors.BadResource);
  assertEquals(await readAll(incoming), new Uint8Array());
  incoming.close();
});

/** Runs as where `--unstable-net` is missing, which `Deno.listenDatagram` tells. */
async function withoutUnstableNet(run: () => Promise<void>): Promise<void> {
  const { listenDatagram } = Deno;
  Object.assign(Deno, { listenDatagram: undefined });
  try {
    await run();
  } finally {
    Object.assign(Deno, { listenDatagram });
  }
}

/** A connection stays open when the port closes, which waits for nobody, and the port is free. */
async function closeWithConnection(): Promise<void> {
  const a = await portWithQueue(), b = await portWithQueue();
  const [out, incoming] = await Promise.all([a.port.dial(at(b.port.port)), b.next()]);
  await Promise.all([a.port.close(), b.port.close()]);
  await out.write(Uint8Array.of(42));
  await out.closeWrite();
  assertEquals(await readAll(incoming), Uint8Array.of(42));
  const next = await openPort({ port: b.port.port, onConnection: (stream) => stream.close() });
  for (const stream of [out, incoming]) stream.close();
  await next.close();
}

Deno.test("PunchPort.close() waits for no connection, and frees the port", closeWithConnection);

Deno.test("PunchPort.close() waits for no connection where --unstable-net is missing", async () => {
  await withoutUnstableNet(closeWithConnection);
});

Deno.test("openPort() says that a port is in use", async () => {
  using taken = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  await assertRejects(
    () => openPort({ port: taken.addr.port, onConnection: (s) => s.close() }),
    Deno.errors.AddrInUse,
  );
});

Deno.test("dialUnbound() rejects with the reason of its signal", async () => {
  const reason = new Error("enough");
  assertEquals(await assertRejects(() => dialUnbound(at(9), { signal: AbortSignal.abort(reason) })), reason);
});
