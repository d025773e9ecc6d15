import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { connPair } from "../_streams.ts";
import { openClient } from "../../lib/tunnel/mod.ts";
import { clientWith, closeSocket, echo, nextEvent, tunnelPair } from "./pair.ts";

Deno.test("webSocket() gives a native WebSocket that is open", async () => {
  await using pair = await tunnelPair(echo);
  const socket = await pair.client.webSocket("/chat");
  assertInstanceOf(socket, WebSocket);
  assertEquals(socket.readyState, WebSocket.OPEN);
  const answer = nextEvent<MessageEvent>(socket, "message");
  socket.send("hello");
  assertEquals((await answer).data, "hello");
  await closeSocket(socket);
});

Deno.test("webSocket() ends a connection at once when it is told to, whatever the peer is saying", async () => {
  const gone = Promise.withResolvers<CloseEvent>();
  await using pair = await tunnelPair((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onclose = gone.resolve;
    return response;
  });
  const over = new AbortController();
  const socket = await pair.client.webSocket("/", { until: over.signal });
  const closed = nextEvent<CloseEvent>(socket, "close");
  over.abort();
  assertEquals([(await closed).wasClean, (await gone.promise).wasClean], [false, false]);
});

Deno.test("webSocket() passes path, protocols and headers on", async () => {
  let seen: string | null = null;
  await using pair = await tunnelPair((request) => {
    seen = `${request.url} ${request.headers.get("x-colour")}`;
    return Deno.upgradeWebSocket(request, { protocol: "b" }).response;
  });
  const socket = await pair.client.webSocket("/chat", {
    protocols: ["a", "b"],
    headers: { "x-colour": "blue" },
  });
  assertEquals([socket.protocol, seen], ["b", `https://${pair.id}.skip.alt/chat blue`]);
  await closeSocket(socket);
});

Deno.test("webSocket() opens 50 at the same time, each with its own bytes", async () => {
  await using pair = await tunnelPair(echo);
  const answers = await Promise.all(Array.from({ length: 50 }, async (_, i) => {
    const socket = await pair.client.webSocket();
    const answer = nextEvent<MessageEvent>(socket, "message");
    socket.send(`message ${i}`);
    const { data } = await answer;
    await closeSocket(socket);
    return data;
  }));
  assertEquals(answers, Array.from({ length: 50 }, (_, i) => `message ${i}`));
});

Deno.test("webSocket() says that the peer answered with something else, and takes one more path to be sure", async () => {
  await using pair = await tunnelPair(() => new Response("no WebSocket here", { status: 404 }));
  const error = await assertRejects(() => pair.client.webSocket("/"), PeerError);
  assertEquals(error.code, "tunnel-failed");
  assertEquals(error.message.includes("did not answer with a WebSocket"), true, error.message);
  assertEquals(pair.paths.length, 2);
});

Deno.test("webSocket() rejects with the very PeerError of the path", async () => {
  const cause = new PeerError("unreachable", "Cannot reach the peer: no path opened within 10 s");
  await using client = clientWith(() => Promise.reject(cause));
  const error = await assertRejects(() => client.webSocket("/"));
  assertEquals(error === cause, true, String(error));
});

Deno.test("webSocket() wraps any other error of the path", async () => {
  const cause = new Deno.errors.AddrNotAvailable("no port left");
  await using client = clientWith(() => Promise.reject(cause));
  const error = await assertRejects(() => client.webSocket("/"), PeerError);
  assertEquals([error.code, error.cause], ["tunnel-failed", cause]);
});

Deno.test("webSocket() tells concurrent failures apart", async () => {
  let count = 0;
  await using client = clientWith(() =>
    Promise.reject(new PeerError(count++ % 2 ? "not-found" : "offline", "no"))
  );
  const codes = await Promise.all(
    Array.from({ length: 8 }, () => client.webSocket().then(() => "", (error: PeerError) => error.code)),
  );
  assertEquals(codes.filter((code) => code === "offline").length, 4, codes.join());
  assertEquals(codes.filter((code) => code === "not-found").length, 4, codes.join());
});

Deno.test("webSocket() rejects with the signal's reason, and gives the path up", async () => {
  const asked = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  await using client = clientWith((signal) => {
    asked.resolve();
    signal.addEventListener("abort", () => ended.resolve());
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const aborting = new AbortController();
  const opening = client.webSocket("/", { signal: aborting.signal });
  opening.catch(() => {});
  await asked.promise;
  const reason = new Error("changed my mind");
  aborting.abort(reason);
  assertEquals(await assertRejects(() => opening) === reason, true);
  await ended.promise;
});

Deno.test("webSocket() does not begin when the signal is aborted already", async () => {
  await using client = clientWith(() => Promise.reject(new Error("was asked")));
  const reason = new Error("too late");
  const error = await assertRejects(() => client.webSocket("/", { signal: AbortSignal.abort(reason) }));
  assertEquals(error === reason, true);
});

Deno.test("webSocket() takes another path where the first breaks in the middle of the handshake", async () => {
  await using pair = await tunnelPair(echo);
  const { server } = pair;
  let broken = 0;
  await using client = openClient({
    ...pair.identity,
    async openPath() {
      const [near, far] = await connPair();
      if (broken === 0) void far.read(new Uint8Array(1024)).then(() => (broken++, far.close()));
      else void server.accept(far);
      return near;
    },
  });
  const socket = await client.webSocket("/");
  assertEquals([socket.readyState, broken], [WebSocket.OPEN, 1]);
  await closeSocket(socket);
});

Deno.test("webSocket() rejects when two paths break in the middle of the handshake", async () => {
  let paths = 0;
  await using client = clientWith(async () => {
    paths++;
    const [near, far] = await connPair();
    void far.read(new Uint8Array(1024)).then(() => far.close());
    return near;
  });
  const error = await assertRejects(() => client.webSocket("/"), PeerError);
  assertEquals([error.code, paths], ["tunnel-failed", 2]);
});

Deno.test("webSocket() tries another path beside one that stays silent", async () => {
  const far: Deno.TcpConn[] = [];
  const asked = Promise.withResolvers<void>();
  await using client = clientWith(async (signal) => {
    if (far.length > 0) {
      asked.resolve();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    const [near, other] = await connPair();
    far.push(other);
    return near;
  }, 1);
  const over = new AbortController();
  const opening = client.webSocket("/", { signal: over.signal });
  opening.catch(() => {});
  await asked.promise;
  over.abort(new Error("enough"));
  await assertRejects(() => opening, Error, "enough");
  for (const conn of far) conn.close();
});

Deno.test("webSocket() refuses a server with another key", async () => {
  await using pair = await tunnelPair(echo, { trust: generateIdentity().publicKey });
  const error = await assertRejects(() => pair.client.webSocket("/"), PeerError);
  assertEquals(error.code, "not-proven");
});
