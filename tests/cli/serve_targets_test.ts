/** `skip serve TARGET` as a person meets it: through the DHT, the punch and TLS, to a program that is there already. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dial, type Peer } from "../../mod.ts";
import { freePort } from "../free_port.ts";
import { testFolder } from "../targets/_folder.ts";
import { nextEvent, serveHttp } from "../targets/_servers.ts";
import { serveAlone, type Serving, Skip, skip } from "./_skip.ts";

const MB = 1024 * 1024;

async function dialTo({ id, bootstrap }: Serving): Promise<Peer> {
  return await dial(id, { bootstrap: [bootstrap] });
}

async function text(peer: Peer, path: string, init: RequestInit = {}): Promise<string> {
  const response = await peer.fetch(path, init);
  return `${response.status} ${await response.text()}`;
}

Deno.test("skip serve PORT lets a web server be reached, and says so of each request", async () => {
  const port = freePort();
  await using server = await serveAlone([`${port}`, "--ephemeral", "--json"]);
  assertEquals(await server.event("target"), {
    type: "target",
    path: "/",
    target: `${port}`,
    listening: false,
  });
  await using peer = await dialTo(server);
  assertMatch(await text(peer, "/"), /^502 /);
  assertEquals((await server.event("request")).code, "not-listening");

  await using _app = serveHttp(async (request) => {
    const { socket, response } = request.headers.has("upgrade")
      ? Deno.upgradeWebSocket(request)
      : { socket: undefined, response: undefined };
    if (socket) socket.onmessage = ({ data }) => socket.send(`echo ${data}`);
    if (response) return response;
    const { headers, method } = request;
    const names = ["host", "x-forwarded-proto", "x-forwarded-host"];
    return Response.json([method, ...names.map((name) => headers.get(name)), await request.text()]);
  }, port);
  const answer = await (await peer.fetch("/a?b", { method: "POST", body: "hello" })).json();
  assertEquals(answer, ["POST", `localhost:${port}`, "https", `${server.id}.skip.alt`, "hello"]);
  const { remote, ms, ...event } = await server.event("request", 1);
  assertEquals(event, { type: "request", method: "POST", path: "/a?b", status: 200 });
  assert(typeof remote === "string" && typeof ms === "number");

  const { stdout } = await skip(
    ["connect", server.id, "--bootstrap", server.bootstrap, "--quiet"],
    { input: "hi\n" },
  );
  assertEquals(stdout, "echo hi\n");
});

Deno.test("skip serve TARGET prints the command that reaches it, with the path of a target that has one", async () => {
  const table: [args: string[], end: string][] = [
    [["9"], ""],
    [["tcp:9", "--name", "/web=9"], ""],
    [["--name", "/a b=tcp:9"], " --path /a%20b"],
    [["9", "--allow", "y".repeat(52)], " --as-me"],
  ];
  await Promise.all(table.map(async ([args, end]) => {
    await using server = await serveAlone([...args, "--ephemeral", "--json"]);
    const { command, id, port } = await server.event("ready");
    assertEquals(command, `skip forward ${id} --bootstrap THIS-HOST:${port}${end}`);
  }));
});

Deno.test("skip serve --name /ssh=tcp:PORT beside a site: skip forward --path reaches either", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using app = serveHttp(() => new Response("the site"));
  const service = `/ssh=tcp:${listener.addr.port}`;
  await using server = await serveAlone([`${app.port}`, "--name", service, "--ephemeral", "--json"]);
  const forward = async (...args: string[]) => {
    const command = await Skip.start(["forward", server.id, "--bootstrap", server.bootstrap, ...args]);
    const [address] = await command.stdout.until(/^.+(?=\n)/);
    return Object.assign(command, { address });
  };
  await using site = await forward();
  assertEquals(await (await fetch(`http://${site.address}/`)).text(), "the site");
  await using ssh = await forward("--path", "/ssh");
  const [hostname, port] = ssh.address.split(":");
  using near = await Deno.connect({ hostname: hostname!, port: Number(port) });
  using _look = await listener.accept(); // whether somebody listens
  using far = await listener.accept();
  await far.write(new TextEncoder().encode("SSH"));
  assertEquals(await near.read(new Uint8Array(8)), 3);
});

Deno.test("skip serve FOLDER --name PATH=TARGET serves both under one id, and large files whole", async () => {
  await using app = serveHttp((request) => new Response(new URL(request.url).pathname));
  await using folder = await testFolder();
  await folder.write("large.bin", new Uint8Array(100 * MB));
  await using server = await serveAlone([
    folder.root,
    "--name",
    `/api=${app.port}`,
    "--ephemeral",
    "--verbose",
  ]);
  await server.stderr.until(/^\/api is \d+$/m);
  await using peer = await dialTo(server);
  assertEquals(await text(peer, "/hello.txt"), "200 hello, world");
  assertEquals(await text(peer, "/hello.txt", { headers: { range: "bytes=0-4" } }), "206 hello");
  assertEquals(await text(peer, "/api/x"), "200 /x");
  assertMatch(await text(peer, "/.env"), /^404 /);
  let bytes = 0;
  for await (const chunk of (await peer.fetch("/large.bin")).body!) bytes += chunk.length;
  assertEquals(bytes, 100 * MB);
  await server.stderr.until(/^404 GET \/\.env in .* \(\S+:\d+\)$/m);
});

Deno.test("skip serve PORT: an answer that breaks off is an error at the other end, and so is a head that never ends", async () => {
  let begun = Promise.withResolvers<void>();
  await using app = serveHttp((request) =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(1000)),
        pull: (controller) => begun.promise.then(() => controller.error(new Error("it broke"))),
      }),
      { headers: request.headers.has("x-length") ? { "content-length": "5000" } : {} },
    )
  );
  await using server = await serveAlone([`${app.port}`, "--ephemeral"]);
  await using peer = await dialTo(server);
  for (const headers of [{}, { "x-length": "1" }]) {
    const response = await peer.fetch("/", { headers });
    begun.resolve();
    const outcome = await response.arrayBuffer().then(() => "whole", () => "broken");
    assertEquals([response.status, outcome], [200, "broken"]);
    begun = Promise.withResolvers();
  }
  const bomb = await peer.fetch("/", { headers: { "x-bomb": "a".repeat(MB) } }).then(async (response) => {
    await response.body?.cancel();
    return response.status;
  }, () => 400); // HTTP/2 resets the stream, HTTP/1.1 says so
  assert(bomb >= 400 && bomb < 500, `${bomb}`);
  const after = await peer.fetch("/"); // and the next one is served
  await after.body?.cancel();
  assertEquals(after.status, 200);
});

Deno.test("skip serve PORT: the target hears that a peer has gone", async () => {
  const gone = Promise.withResolvers<void>();
  await using app = serveHttp(() => new Response(new ReadableStream({ cancel: () => gone.resolve() })));
  await using server = await serveAlone([`${app.port}`, "--ephemeral"]);
  await using peer = await dialTo(server);
  const response = await peer.fetch("/");
  assertEquals(response.status, 200);
  await response.body!.cancel();
  await gone.promise;
});

Deno.test("skip serve PORT ends with open WebSockets and says goodbye on both sides", async () => {
  const ended = Promise.withResolvers<CloseEvent>();
  await using app = serveHttp((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onclose = ended.resolve;
    return response;
  });
  await using server = await serveAlone([`${app.port}`, "--ephemeral"]);
  await using peer = await dialTo(server);
  const socket = await peer.webSocket("/");
  const closed = nextEvent<CloseEvent>(socket, "close");
  server.kill("SIGINT");
  assertEquals((await server.ended).code, 130);
  await Promise.all([closed, ended.promise]);
});
