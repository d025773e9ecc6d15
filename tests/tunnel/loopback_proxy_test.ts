import { assertEquals } from "@std/assert";
import { concat, utf8 } from "../../lib/bytes.ts";
import type { ByteStream } from "../../lib/punch/mod.ts";
import { LoopbackProxy, type Ticket } from "../../lib/tunnel/_loopback_proxy.ts";
import { connPair } from "../_streams.ts";

const NAME = "peer.skip.alt";

/** A proxy with its port and the paths it opened, by their far ends. */
function start(openPath?: (signal: AbortSignal) => Promise<ByteStream>, handshakeMs?: number) {
  const far: Deno.TcpConn[] = [];
  const proxy = new LoopbackProxy({
    hostnames: [NAME],
    ...(handshakeMs === undefined ? {} : { handshakeMs }),
    openPath: openPath ?? (async () => {
      const [near, other] = await connPair();
      far.push(other);
      return near;
    }),
  });
  const ticket = proxy.issue();
  const { url } = proxy.settings(ticket) as { url: string };
  const port = Number(url.split(":").at(-1));
  return { proxy, ticket, far, connect: () => Deno.connect({ hostname: "127.0.0.1", port }) };
}

const counted = (text: string) => concat(Uint8Array.of(text.length), utf8(text));

/** Everything that a client says before its own bytes. */
function hello({ username, password }: Pick<Ticket, "username" | "password">, name = NAME, port = 443) {
  return concat(
    Uint8Array.of(5, 1, 2, 1),
    counted(username),
    counted(password),
    Uint8Array.of(5, 1, 0, 3),
    counted(name),
    Uint8Array.of(port >> 8, port & 255),
  );
}

/** What comes until the other side ends, or `length` bytes. */
async function receive(conn: Deno.Conn, length = Infinity): Promise<number[]> {
  const bytes: number[] = [];
  const buffer = new Uint8Array(64);
  while (bytes.length < length) {
    const n = await conn.read(buffer).catch(() => null);
    if (n === null) break;
    bytes.push(...buffer.subarray(0, n));
  }
  return bytes;
}

const GREETED = [5, 2, 1, 0];
const reply = (code: number) => [5, code, 0, 1, 0, 0, 0, 0, 0, 0];

Deno.test("LoopbackProxy carries bytes to the path of whoever has a ticket", async () => {
  const { proxy, ticket, far, connect } = start();
  const client = await connect();
  await client.write(hello(ticket));
  assertEquals(await receive(client, 14), [...GREETED, ...reply(0)]);
  await client.write(Uint8Array.of(1, 2, 3));
  assertEquals(await receive(far[0]!, 3), [1, 2, 3]);
  await far[0]!.write(Uint8Array.of(4, 5));
  assertEquals(await receive(client, 2), [4, 5]);
  client.close();
  assertEquals(await receive(far[0]!), []);
  far[0]!.close();
  await proxy.close();
});

Deno.test("LoopbackProxy gives up a path on which TLS does not come about", async () => {
  const { proxy, ticket, far, connect } = start(undefined, 20);
  const client = await connect();
  await client.write(concat(hello(ticket), Uint8Array.of(22, 3, 1)));
  assertEquals(await receive(client, 14), [...GREETED, ...reply(0)]);
  assertEquals(await receive(far[0]!), [22, 3, 1]);
  assertEquals(await receive(client), []);
  client.close();
  far[0]!.close();
  await proxy.close();
});

Deno.test("LoopbackProxy refuses another password, an unknown name and a cancelled ticket", async () => {
  const { proxy, ticket, far, connect } = start();
  const cancelled = proxy.issue();
  proxy.cancel(cancelled);
  const wrong = [
    { username: ticket.username, password: ticket.password.replace(/.$/, "x") },
    { username: ticket.username, password: "" },
    { username: "nobody", password: "" },
    cancelled,
  ];
  for (const credentials of wrong) {
    const client = await connect();
    await client.write(hello(credentials));
    assertEquals(await receive(client), [5, 2, 1, 1]);
    client.close();
  }
  assertEquals(far.length, 0);
  await proxy.close();
});

Deno.test("LoopbackProxy refuses other hosts and ports", async () => {
  const { proxy, ticket, far, connect } = start();
  for (
    const [name, port] of [["localhost", 443], ["127.0.0.1", 443], [NAME, 80], [`${NAME}.`, 443]] as const
  ) {
    const client = await connect();
    await client.write(hello(ticket, name, port));
    assertEquals(await receive(client), [...GREETED, ...reply(2)]);
    client.close();
  }
  assertEquals(far.length, 0);
  await proxy.close();
});

Deno.test("LoopbackProxy gives every ticket other secrets", async () => {
  const { proxy } = start();
  const tickets = Array.from({ length: 10 }, () => proxy.issue());
  assertEquals(new Set(tickets.flatMap(({ username, password }) => [username, password])).size, 20);
  await proxy.close();
});

Deno.test("LoopbackProxy tells the client when there is no path, and keeps the reason", async () => {
  const reason = new Error("no path");
  const { proxy, ticket, connect } = start(() => Promise.reject(reason));
  const client = await connect();
  await client.write(hello(ticket));
  assertEquals(await receive(client), [...GREETED, ...reply(4)]);
  assertEquals([ticket.failure, ticket.failures], [reason, 1]);
  client.close();
  await proxy.close();
});

Deno.test("LoopbackProxy gives the attempt up when its client goes away", async () => {
  const asked = Promise.withResolvers<AbortSignal>();
  const { proxy, ticket, connect } = start((signal) => {
    asked.resolve(signal);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const client = await connect();
  await client.write(hello(ticket));
  const signal = await asked.promise;
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
  client.close();
  await aborted;
  await proxy.close();
});

Deno.test("LoopbackProxy closes a path that comes when nobody waits any more", async () => {
  const asked = Promise.withResolvers<AbortSignal>();
  const path = Promise.withResolvers<ByteStream>();
  const { proxy, ticket, connect } = start((signal) => (asked.resolve(signal), path.promise));
  const client = await connect();
  await client.write(hello(ticket));
  const signal = await asked.promise;
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
  client.close();
  await aborted;
  const [near, far] = await connPair();
  path.resolve(near);
  assertEquals(await receive(far), []);
  far.close();
  await proxy.close();
});

Deno.test("close() ends a client in the middle of its greeting, and one with a path", async () => {
  const { proxy, ticket, far, connect } = start();
  const greeting = await connect();
  await greeting.write(Uint8Array.of(5, 1, 2));
  assertEquals(await receive(greeting, 2), [5, 2]);
  const open = await connect();
  await open.write(hello(ticket));
  await receive(open, 14);
  await open.write(Uint8Array.of(1));
  await receive(far[0]!, 1);
  await Promise.all([proxy.close(), proxy.close()]);
  for (const conn of [greeting, open, far[0]!]) {
    assertEquals(await receive(conn), []);
    conn.close();
  }
});
