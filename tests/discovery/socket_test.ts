import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { openUdpSocket } from "../../lib/discovery/socket.ts";

const ANY = { hostname: "127.0.0.1", port: 0 };

Deno.test("openUdpSocket() binds any port and hands over datagrams", async () => {
  const [a, b] = [await openUdpSocket(ANY), await openUdpSocket(ANY)];
  assertNotEquals(a.address.port, b.address.port);
  const got = Promise.withResolvers<unknown>();
  b.onDatagram = (data, from) => got.resolve({ data: Uint8Array.from(data), from });
  a.send(Uint8Array.of(1, 2, 3), b.address);
  assertEquals(await got.promise, { data: Uint8Array.of(1, 2, 3), from: a.address });
  await Promise.all([a.close(), b.close()]);
});

Deno.test("openUdpSocket() says which port is taken", async () => {
  const first = await openUdpSocket(ANY);
  await assertRejects(
    () => openUdpSocket(first.address),
    Deno.errors.AddrInUse,
    `Cannot open the DHT node: UDP port ${first.address.port} of 127.0.0.1 is in use`,
  );
  await first.close();
});

Deno.test("openUdpSocket() rejects for an address that is not ours", async () => {
  await assertRejects(() => openUdpSocket({ hostname: "192.0.2.1", port: 0 }));
});

Deno.test("DatagramSocket.send() never throws", async () => {
  const socket = await openUdpSocket(ANY);
  socket.send(new Uint8Array(1), { hostname: "0.0.0.0", port: 1 });
  socket.send(new Uint8Array(1), { hostname: "127.0.0.1", port: 0 });
  socket.send(new Uint8Array(1), { hostname: "127.0.0.1", port: 99_999 });
  socket.send(new Uint8Array(1), { hostname: "255.255.255.255", port: 1 });
  socket.send(new Uint8Array(70_000), socket.address);
  const got = Promise.withResolvers<number>();
  socket.onDatagram = (data) => got.resolve(data.length);
  socket.send(new Uint8Array(5), socket.address);
  assertEquals(await got.promise, 5);
  await socket.close();
  socket.send(new Uint8Array(1), socket.address);
});

Deno.test("DatagramSocket.close() may be called twice and at once", async () => {
  const socket = await openUdpSocket(ANY);
  await Promise.all([socket.close(), socket.close()]);
  await socket.close();
  const again = await openUdpSocket(socket.address);
  await again.close();
});
