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

/** A browser's page, without the browser. */
async function visitAsPage(address: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`ws://${address}/`, { protocols: ["skip.chat"], headers });
  const heard: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  socket.onmessage = ({ data }) => {
    heard.push(JSON.parse(data));
    for (const look of waiting) look();
  };
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  /** The first message that matches, as soon as it is there. */
  const hear = (matches: (message: Record<string, unknown>) => boolean) =>
    new Promise<Record<string, unknown>>((resolve) => {
      const look = () => {
        const found = heard.find(matches);
        if (found) resolve(found);
      };
      waiting.add(look);
      look();
    });
  return {
    socket,
    heard,
    closed,
    hear,
    send: (message: object) => socket.send(JSON.stringify(message)),
    /** Waits until exactly these are here, and gives them as the room sees them. */
    people: async (...names: string[]) => {
      type People = { id: number; name: string; from: string }[];
      const named = ({ people = [] }: { people?: People }) => people.map(({ name }) => name).join();
      return (await hear((message) => named(message) === names.join())).people as People;
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}

Deno.test("Chat gives a browser the page, and nothing but the page", async () => {
  await using served = room();
  const get = async (path: string, accept: string, method = "GET") => {
    const response = await fetch(`http://${served.address}${path}`, { method, headers: { accept } });
    await response.body?.cancel();
    return [response.status, response.headers.get("content-type")?.split(";")[0]];
  };
  const browser = "text/html,application/xhtml+xml,*/*;q=0.8";
  assertEquals(await get("/", browser), [200, "text/html"]);
  assertEquals(await get("/", browser, "HEAD"), [200, "text/html"]);
  assertEquals(await get("/other", browser), [426, "text/plain"]);
  assertEquals(await get("/", "*/*"), [426, "text/plain"]);
  assertEquals(await get("/", browser, "POST"), [426, "text/plain"]);
});

Deno.test("Chat welcomes a page with its number and its path", async () => {
  await using served = room();
  await using page = await visitAsPage(served.address);
  assertEquals(page.socket.protocol, "skip.chat");
  const { you, path, maxText } = await page.hear(({ type }) => type === "welcome");
  assertEquals([you, maxText], [1, 4000]);
  const { remote, kind } = path as { remote: string; kind?: string };
  assertEquals([remote.startsWith("127.0.0.1:"), kind], [true, undefined]);
});

Deno.test("Chat tells a page by what kind of path it comes", async () => {
  const shown = { stdout: () => true, stderr() {}, isTerminal: { stdout: false, stderr: false } };
  const chat = new Chat(new Output({ json: false, quiet: true, verbose: false }, shown));
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request, info) => {
    chat.learnPath(`127.0.0.1:${info.remoteAddr.port}`, "reflexive");
    return chat.handler(request, info);
  });
  await using page = await visitAsPage(`127.0.0.1:${server.addr.port}`);
  const { path } = await page.hear(({ type }) => type === "welcome");
  assertEquals((path as { kind: string }).kind, "reflexive");
});

Deno.test("Chat tells pages everything that is said, and plain peers what they are used to", async () => {
  await using served = room();
  await using ann = await visitAsPage(served.address);
  await using bob = await visit(served.address);
  await bob.hear(); // the greeting
  bob.socket.send("from a terminal");
  assertEquals(await bob.hear(), "from a terminal");
  ann.send({ type: "say", text: "from a browser" });
  await ann.hear(({ text }) => text === "from a browser");
  served.chat.say("typed");
  assertEquals(await bob.hear(), "typed"); // and nothing between
  await ann.hear(({ text }) => text === "typed");
  const said = ann.heard.filter(({ type }) => type === "said").map(({ who, text }) => [who, text]);
  assertEquals(said, [
    [{ id: 2, name: "guest 2", from: "terminal" }, "from a terminal"],
    [{ id: 1, name: "guest 1", from: "browser" }, "from a browser"],
    [{ id: 0, name: "host", from: "host" }, "typed"],
  ]);
});

Deno.test("Chat shows who is in the room, by names that nobody can take for somebody else's line", async () => {
  await using served = room();
  await using ann = await visitAsPage(served.address);
  ann.send({ type: "name", name: " Ann\n\u202e " });
  assertEquals(await ann.people("host", "Ann"), [
    { id: 0, name: "host", from: "host" },
    { id: 1, name: "Ann", from: "browser" },
  ]);
  {
    await using bob = await visitAsPage(served.address);
    bob.send({ type: "name", name: "HOST" });
    assertEquals((await ann.people("host", "Ann", "guest 2")).at(-1), {
      id: 2,
      name: "guest 2",
      from: "browser",
    });
    bob.send({ type: "ping", id: 1 });
    await bob.hear(({ type }) => type === "pong"); // after it was named, or not
    assertEquals(ann.heard.some(({ people }) => JSON.stringify(people ?? "").includes("HOST")), false);
    ann.heard.length = 0;
  }
  await ann.people("host", "Ann"); // and Bob has left
  ann.send({ type: "say", text: "hi" });
  await ann.hear(({ type }) => type === "said");
  assertEquals(served.shown.stdout.replace(/^127\.0\.0\.1:\d+/, "PEER"), "PEER (Ann): hi\n");
});

Deno.test("Chat answers pings, passes over nonsense, and shows out who floods it", async () => {
  await using served = room();
  await using page = await visitAsPage(served.address);
  page.socket.send("nonsense");
  page.send({ type: "ping", id: 5 });
  assertEquals(await page.hear(({ type }) => type === "pong"), { type: "pong", id: 5 });
  for (let n = 0; n < 1000 && page.socket.readyState === WebSocket.OPEN; n++) {
    page.send({ type: "ping", id: n });
  }
  await page.closed; // by its code or, with more on its way, without
  await using next = await visitAsPage(served.address);
  await next.people("host", "guest 2");
});

Deno.test("Chat lets no other site's page in", async () => {
  await using served = room();
  const open = (origin: string) => visitAsPage(served.address, { origin });
  await using own = await open(`http://${served.address}`);
  assertEquals(own.socket.readyState, WebSocket.OPEN);
  for (const origin of ["http://evil.example", "null", "http://127.0.0.1:1"]) {
    assertEquals(await open(origin).then(() => "let in", () => "refused"), "refused", origin);
  }
});

Deno.test("Chat has room for a bounded number of pages, and for others once they leave", async () => {
  await using served = room();
  await using stack = new AsyncDisposableStack();
  for (let n = 0; n < 128; n++) stack.use(await visitAsPage(served.address));
  const refused = await visitAsPage(served.address).then(() => false, () => true);
  assertEquals(refused, true);
  await using plain = await visit(served.address);
  assertEquals(typeof await plain.hear(), "string");
});
