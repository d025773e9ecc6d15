import { assertEquals } from "@std/assert";
import { Chat } from "../../cli/_chat.ts";
import { Output, type Terminal } from "../../cli/_output.ts";

/** A room behind a plain `Deno.serve`, and what its terminal shows. */
function room(json = false) {
  const shown = { stdout: "", stderr: "" };
  const wanted = Promise.withResolvers<void>();
  const terminal: Terminal = {
    stdout: (text) => Boolean(shown.stdout += text),
    stderr(text) {
      shown.stderr += text;
      if (text.includes("has left")) wanted.resolve();
    },
    isTerminal: { stdout: true, stderr: true },
  };
  const chat = new Chat(new Output({ json, quiet: false, verbose: false }, terminal));
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, chat.handler);
  return {
    chat,
    shown,
    left: wanted.promise,
    address: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A WebSocket whose messages can be awaited one by one. */
async function visit(address: string) {
  const socket = new WebSocket(`ws://${address}/`);
  socket.binaryType = "arraybuffer";
  const { readable, writable } = new TransformStream<string | ArrayBuffer>(undefined, { highWaterMark: 100 });
  const [writer, reader] = [writable.getWriter(), readable.getReader()];
  socket.onmessage = ({ data }) => void writer.write(data);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  return {
    socket,
    hear: async () => (await reader.read()).value,
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}

Deno.test("Chat greets, then echoes text and bytes", async () => {
  await using served = room();
  await using guest = await visit(served.address);
  assertEquals(
    await guest.hear(),
    "Welcome: you are connected, peer to peer. What you send comes back.",
  );
  guest.socket.send("hello");
  assertEquals(await guest.hear(), "hello");
  guest.socket.send(Uint8Array.of(1, 2, 3));
  assertEquals(new Uint8Array(await guest.hear() as ArrayBuffer), Uint8Array.of(1, 2, 3));
  assertEquals(
    served.shown.stdout.replaceAll(/127\.0\.0\.1:\d+/g, "GUEST"),
    "GUEST: hello\nGUEST: (3 bytes)\n",
  );
});

Deno.test("Chat sends what is typed to everybody", async () => {
  await using served = room();
  await using ann = await visit(served.address);
  await using bob = await visit(served.address);
  await Promise.all([ann.hear(), bob.hear()]); // the greetings
  served.chat.say("typed");
  assertEquals(await Promise.all([ann.hear(), bob.hear()]), ["typed", "typed"]);
});

Deno.test("Chat shows a stranger's control characters and line ends in a form that does no harm", async () => {
  await using served = room();
  await using guest = await visit(served.address);
  await guest.hear();
  const message = "\x1b]0;owned\x07\x9b2J\r\n192.0.2.1:9: not me";
  guest.socket.send(message);
  assertEquals(await guest.hear(), message); // the echo is what was sent
  assertEquals(
    served.shown.stdout.replace(/^127\.0\.0\.1:\d+/, "GUEST"),
    "GUEST: \\x1b]0;owned\\x07\\x9b2J\\x0d\n    192.0.2.1:9: not me\n",
  );
});

Deno.test("Chat says who comes and goes", async () => {
  await using served = room();
  {
    await using guest = await visit(served.address);
    await guest.hear();
  }
  await served.left;
  assertEquals(
    served.shown.stderr.replaceAll(/127\.0\.0\.1:\d+/g, "GUEST"),
    "GUEST is here\nGUEST has left\n",
  );
});

Deno.test("Chat tells a browser what it has found", async () => {
  await using served = room();
  const response = await fetch(`http://${served.address}/`);
  assertEquals([response.status, response.headers.get("upgrade")], [426, "websocket"]);
  assertEquals((await response.text()).includes("skip connect"), true);
});
