import { assertEquals, assertRejects } from "@std/assert";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { closeSocket, nextEvent, tunnelPair } from "./pair.ts";

function echo(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

Deno.test("webSocket() gives a native WebSocket that is open", async () => {
  await using pair = await tunnelPair(echo);
  const socket = await pair.client.webSocket("/chat");
  assertEquals(socket.readyState, WebSocket.OPEN);
  const answer = nextEvent<MessageEvent>(socket, "message");
  socket.send("hello");
  assertEquals((await answer).data, "hello");
  await closeSocket(socket);
});

Deno.test("fetch() reaches the handler under the peer's own name", async () => {
  await using pair = await tunnelPair((request) => new Response(`${request.method} ${request.url}`));
  const response = await pair.client.fetch("/news?page=2");
  assertEquals(await response.text(), `GET https://${pair.id}.skip.alt/news?page=2`);
});

Deno.test("fetch() refuses a server with another key", async () => {
  await using pair = await tunnelPair(() => new Response("secret"), { trust: generateIdentity().publicKey });
  const error = await assertRejects(() => pair.client.fetch("/"), PeerError);
  assertEquals(error.code, "not-proven");
});

Deno.test("webSocket() refuses a server with another key", async () => {
  await using pair = await tunnelPair(echo, { trust: generateIdentity().publicKey });
  const error = await assertRejects(() => pair.client.webSocket("/"), PeerError);
  assertEquals(error.code, "not-proven");
});
