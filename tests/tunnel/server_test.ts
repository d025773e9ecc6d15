import { assertEquals, assertRejects } from "@std/assert";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import {
  CONTROL_PATH,
  openClient,
  serveTunnel,
  type ServeTunnelOptions,
  type ServingTunnel,
} from "../../lib/tunnel/mod.ts";
import { connPair } from "../_streams.ts";
import { closeSocket, echo, ended, from, nextEvent, tunnelPair } from "./pair.ts";

const hello = () => new Response("hello");

const identity = generateIdentity();

function start(handler: Deno.ServeHandler = hello, options: Partial<ServeTunnelOptions> = {}) {
  return serveTunnel(handler, { identity, ...options });
}

Deno.test("serveTunnel() tells the handler the true remote address", async () => {
  const { promise, resolve } = Promise.withResolvers<Deno.NetAddr>();
  await using pair = await tunnelPair((_, info) => {
    resolve(info.remoteAddr as Deno.NetAddr);
    return hello();
  });
  await (await pair.client.fetch("/")).text();
  const { hostname, port } = pair.paths[0]!.localAddr;
  assertEquals(await promise, { transport: "tcp", hostname, port });
});

Deno.test("serveTunnel() keeps the addresses of several paths apart", async () => {
  await using server = await start((_, { remoteAddr }) =>
    new Response((remoteAddr as Deno.NetAddr).hostname)
  );
  const answers = await Promise.all(["198.51.100.7", "2001:db8::7"].map(async (hostname) => {
    await using client = openClient({
      ...identity,
      openPath: async () => {
        const [near, far] = await connPair();
        void server.accept(from(hostname, 1000, far));
        return near;
      },
    });
    return await (await client.fetch("/")).text();
  }));
  assertEquals(answers, ["198.51.100.7", "2001:db8::7"]);
});

Deno.test("serveTunnel() does not let anybody in who comes by the loopback port itself", async () => {
  let asked = 0;
  await using server = await start(() => (asked++, hello()));
  await using intruder = openClient({
    ...identity,
    openPath: () => Deno.connect({ ...server.addr, transport: "tcp" }),
  });
  const response = await intruder.fetch("/");
  assertEquals([response.status, await response.text(), asked], [403, "", 0]);
  const error = await assertRejects(() => intruder.webSocket("/"), PeerError);
  assertEquals([error.code, asked], ["tunnel-failed", 0]);
});

Deno.test("serveTunnel() shows the handler whole requests under its own name, body and headers included", async () => {
  await using pair = await tunnelPair(async (request) => {
    const headers = request.headers.get("x-colour");
    return Response.json([request.method, request.url, headers, await request.text()]);
  });
  const response = await pair.client.fetch("/a?b#c", {
    method: "PUT",
    body: "text",
    headers: { "x-colour": "blue" },
  });
  const url = `https://${pair.id}.skip.alt/a?b`;
  assertEquals(await response.json(), ["PUT", url, "blue", "text"]);
});

Deno.test("serveTunnel() asks onError what to answer when the handler throws", async () => {
  const onError = (error: unknown) => new Response((error as Error).message, { status: 500 });
  for (const handler of [() => Promise.reject(new Error("oh")), () => throwError("oh")]) {
    await using pair = await tunnelPair(handler, { onError });
    const response = await pair.client.fetch("/");
    assertEquals([response.status, await response.text()], [500, "oh"]);
  }
});

function throwError(message: string): never {
  throw new Error(message);
}

Deno.test("serveTunnel() closes a path on which nothing comes", async () => {
  await using server = await start(hello, { firstRequestMs: 20 });
  const [near, far] = await connPair();
  await server.accept(far);
  await ended(near);
  near.close();
});

Deno.test("serveTunnel() closes a path that stops in the middle of TLS", async () => {
  await using server = await start(hello, { firstRequestMs: 20 });
  const [near, far] = await connPair();
  // The beginning of a ClientHello of 512 bytes.
  const head = Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3);
  await server.accept(far, head);
  await ended(near);
  near.close();
});

Deno.test("serveTunnel() closes a control channel over which nothing comes, and leaves other WebSockets alone", async () => {
  await using pair = await tunnelPair(echo, { onControl: () => {}, controlSilenceMs: 20 });
  const other = await pair.client.webSocket("/");
  const control = await pair.client.webSocket(CONTROL_PATH);
  await nextEvent(control, "close");
  const heard = nextEvent<MessageEvent>(other, "message");
  other.send("still here");
  assertEquals((await heard).data, "still here");
  await closeSocket(other);
});

Deno.test("serveTunnel() closes a path on which something else than TLS comes", async () => {
  await using server = await start();
  const [near, far] = await connPair();
  const accepted = server.accept(far, new TextEncoder().encode("GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
  await ended(near);
  near.close();
  await accepted;
});

Deno.test("serveTunnel() takes no more paths than it may from one address", async () => {
  await using server = await start(hello, { maxTunnelsPerAddress: 1 });
  await using first = await guestFrom(server, "198.51.100.1");
  await assertRejects(() => guestFrom(server, "198.51.100.1"));
  await using _elsewhere = await guestFrom(server, "198.51.100.2");
  assertEquals(await first.ask(), "hello");
});

Deno.test("serveTunnel() takes an IPv6 /64 for one address", async () => {
  await using server = await start(hello, { maxTunnelsPerAddress: 1 });
  await using _first = await guestFrom(server, "2001:db8:0:1::1");
  await assertRejects(() => guestFrom(server, "2001:db8:0:1:ffff::2"));
  await using _elsewhere = await guestFrom(server, "2001:db8:0:2::1");
});

Deno.test("serveTunnel() takes no more paths than it may in all, and others when one has gone", async () => {
  await using server = await start(hello, { maxTunnels: 1 });
  const first = await guestFrom(server, "198.51.100.1");
  await assertRejects(() => guestFrom(server, "198.51.100.2"));
  await first[Symbol.asyncDispose]();
  await using _next = await guestFrom(server, "198.51.100.2");
});

Deno.test("serveTunnel() closes the path that has been silent longest for one that comes, and no guest", async () => {
  await using server = await start(hello, { maxTunnels: 2 });
  await using guest = await guestFrom(server, "198.51.100.1");
  const [[silent, silentFar], [late, lateFar]] = await Promise.all([connPair(), connPair()]);
  const waiting = server.accept(from("198.51.100.2", 1, silentFar));
  const next = server.accept(from("198.51.100.3", 1, lateFar));
  await ended(silent);
  await waiting;
  assertEquals(await guest.ask(), "hello");
  silent.close();
  late.close();
  await next;
});

/** Somebody who was let in from there, and stays. */
async function guestFrom(server: ServingTunnel, hostname: string) {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const client = openClient({
    ...identity,
    openPath: async () => {
      const [near, far] = await connPair();
      void server.accept(from(hostname, 1000, far)).then(resolve);
      return near;
    },
  });
  const ask = async () => await (await client.fetch("/")).text();
  const close = async () => {
    await client.close();
    await gone;
  };
  try {
    await ask();
  } catch (error) {
    await close();
    throw error;
  }
  return { ask, [Symbol.asyncDispose]: close };
}

Deno.test("serveTunnel() notices a peer that goes away", async () => {
  const { promise: gone, resolve } = Promise.withResolvers<number>();
  await using pair = await tunnelPair((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onclose = ({ code }) => resolve(code);
    return response;
  });
  const socket = await pair.client.webSocket();
  await closeSocket(socket);
  assertEquals(await gone, 1005);
});
