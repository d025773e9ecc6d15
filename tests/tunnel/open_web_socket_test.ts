import { assertEquals, assertRejects } from "@std/assert";
import { PeerError } from "../../lib/errors.ts";
import { Ticket } from "../../lib/tunnel/_loopback_proxy.ts";
import { openWebSocket } from "../../lib/tunnel/_open_web_socket.ts";
import { closeSocket } from "./pair.ts";

/** A plain WebSocket server that greets at once. */
function greeter() {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (new URL(request.url).pathname === "/no") return new Response("no", { status: 404 });
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => socket.send("welcome");
    return response;
  });
}

Deno.test("openWebSocket() gives a socket whose first message is still to come", async () => {
  await using server = greeter();
  using client = Deno.createHttpClient({});
  const url = `ws://127.0.0.1:${server.addr.port}/`;
  const socket = await openWebSocket(url, client, new Ticket(), {});
  const greeting = await new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
  assertEquals(greeting, "welcome");
  await closeSocket(socket);
});

Deno.test("openWebSocket() rejects when the peer wants no WebSocket there", async () => {
  await using server = greeter();
  using client = Deno.createHttpClient({});
  const url = `ws://127.0.0.1:${server.addr.port}/no`;
  const error = await assertRejects(() => openWebSocket(url, client, new Ticket(), {}), PeerError);
  assertEquals(error.code, "tunnel-failed");
});

Deno.test("openWebSocket() rejects with the reason of its signal", async () => {
  using client = Deno.createHttpClient({});
  const reason = new Error("enough");
  const opening = openWebSocket("ws://127.0.0.1:9/", client, new Ticket(), {
    signal: AbortSignal.abort(reason),
  });
  assertEquals(await assertRejects(() => opening), reason);
});
