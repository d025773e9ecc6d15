/** What can be read on the way between two peers. */
import { assertEquals } from "@std/assert";
import { Credentials } from "../../lib/access/mod.ts";
import { utf8 } from "../../lib/bytes.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import type { ByteStream } from "../../lib/punch/mod.ts";
import { openClient, type ServeHandler, serveTunnel } from "../../lib/tunnel/mod.ts";
import { readAll, tcpPair } from "../_streams.ts";
import { closeSocket, nextEvent } from "./pair.ts";

const SECRET = "nobody else is to read this";
const [serving, connecting] = [generateIdentity(), generateIdentity()];

/** Answers, by HTTP and by WebSocket, with the secret and the id of who asks. */
const tellSecret: ServeHandler = (request, { remoteId }) => {
  if (request.headers.get("upgrade") !== "websocket") return new Response(`${SECRET} ${remoteId}`);
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onopen = () => socket.send(`${SECRET} ${remoteId}`);
  return response;
};

/** `stream`, with a copy of all that goes through it. */
function tapped(stream: ByteStream, copies: Uint8Array[]): ByteStream {
  return {
    localAddr: stream.localAddr,
    remoteAddr: stream.remoteAddr,
    async read(buffer) {
      const n = await stream.read(buffer);
      copies.push(buffer.slice(0, n ?? 0));
      return n;
    },
    async write(data) {
      const n = await stream.write(data);
      copies.push(data.slice(0, n));
      return n;
    },
    closeWrite: () => stream.closeWrite(),
    close: () => stream.close(),
  };
}

/** Everything that a connection sends and receives in the course of `work`, as text of one byte a character. */
async function onTheWire(work: (client: ReturnType<typeof openClient>) => Promise<string>): Promise<string> {
  const copies: Uint8Array[] = [];
  const server = await serveTunnel(tellSecret, { identity: serving });
  const client = openClient({
    id: serving.id,
    publicKey: serving.publicKey,
    credentials: new Credentials({ identity: connecting, audience: serving.id, token: undefined }),
    openPath: async () => {
      const [near, far] = await tcpPair();
      void server.accept(far);
      return tapped(near, copies);
    },
  });
  try {
    assertEquals(await work(client), `${SECRET} ${connecting.id}`);
  } finally {
    await client.close();
    await server.shutdown();
  }
  return copies.map((copy) => new TextDecoder("latin1").decode(copy)).join("");
}

/** Each way to talk to a peer; gives what the peer said. */
const WAYS: Record<string, (client: ReturnType<typeof openClient>) => Promise<string>> = {
  "fetch()": async (client) => await (await client.fetch("/")).text(),
  "webSocket()": async (client) => {
    const socket = await client.webSocket();
    const { data } = await nextEvent<MessageEvent>(socket, "message");
    await closeSocket(socket);
    return data;
  },
  "openStream()": async (client) => {
    const stream = await client.openStream();
    await stream.write(utf8("GET / HTTP/1.0\r\nhost: h\r\n\r\n"));
    const answer = new TextDecoder().decode(await readAll(stream));
    stream.close();
    return answer.slice(answer.indexOf("\r\n\r\n") + 4);
  },
};

for (const [name, work] of Object.entries(WAYS)) {
  Deno.test(`${name} shows nobody on the way what is said, nor who says it to whom`, async () => {
    const wire = await onTheWire(work);
    const keys = [serving, connecting].map(({ publicKey }) => new TextDecoder("latin1").decode(publicKey));
    for (const words of [SECRET, serving.id, connecting.id, "skip.alt", "skip-peer", ...keys]) {
      assertEquals([words, wire.includes(words)], [words, false]);
    }
  });
}
