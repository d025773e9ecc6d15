import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createServer } from "node:net";
import { tcpTarget } from "../../lib/targets/mod.ts";
import { readAll } from "../_streams.ts";
import { freePort } from "../free_port.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { events, Skip, skip } from "./_skip.ts";
import { serveThere, type There } from "./_there.ts";

/** An id that nobody has. */
const NOBODY = "y".repeat(52);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const utf8 = (text: string) => new TextEncoder().encode(text);

/** `skip forward`, once it works, and where. */
async function forward({ id, bootstrap }: There, ...args: string[]) {
  const command = await Skip.start(["forward", id, ...args, ...bootstrap, "--no-stun", "--no-map"]);
  const [, hostname, port] = await command.stdout.until(/^(?:.*"address":")?([\d.]+):(\d+)/m);
  const address = { hostname: hostname!, port: Number(port) };
  return Object.assign(command, { address, connect: () => Deno.connect(address) });
}

/** A TCP service that does to each connection what a test likes. */
function service(serve: (conn: Deno.TcpConn) => Promise<unknown>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving: Promise<unknown>[] = [];
  const done = (async () => {
    for await (const conn of listener) {
      serving.push(
        serve(conn).catch(() => {}).finally(() => {
          try {
            conn.close();
          } catch { /* closed already */ }
        }),
      );
    }
  })();
  return {
    target: tcpTarget({ hostname: "127.0.0.1", port: listener.addr.port }),
    async [Symbol.asyncDispose]() {
      listener.close();
      await done;
      await Promise.all(serving);
    },
  };
}

/** Answers with all that it got, once it got the end. */
async function answerAtEnd(conn: Deno.TcpConn) {
  const question = await readAll(conn);
  await conn.write(utf8("you said: "));
  await conn.write(question);
}

async function ask(connect: () => Promise<Deno.TcpConn>, question: string): Promise<string> {
  using conn = await connect();
  await conn.write(utf8(question));
  await conn.closeWrite();
  return text(await readAll(conn));
}

Deno.test("skip forward brings a TCP service here, with half-close, hundreds of times", async () => {
  await using echo = service(answerAtEnd);
  await using there = await serveThere(echo.target);
  await using here = await forward(there);
  assertEquals(await ask(here.connect, "hello"), "you said: hello");
  assertMatch(here.stderr.text, new RegExp(`The TCP service is at 127.0.0.1:${here.address.port}`));
  for (let i = 0; i < 300; i += 30) {
    const questions = Array.from({ length: 30 }, (_, j) => `number ${i + j}`);
    const answers = await Promise.all(questions.map((question) => ask(here.connect, question)))
      .catch((cause) => Promise.reject(new Error(`it said: ${here.stderr.text}`, { cause })));
    assertEquals(answers, questions.map((question) => `you said: ${question}`));
  }
  here.kill("SIGINT");
  assertEquals((await here.ended).code, 130);
});

Deno.test("skip forward brings a site here, at the port that was asked for", async () => {
  await using there = await serveThere(async (request) => {
    const { pathname, search } = new URL(request.url);
    return new Response(`${request.method} ${pathname}${search} ${await request.text()}`);
  });
  const port = freePort();
  await using here = await forward(there, `${port}`, "--json");
  assertEquals(here.address.port, port);
  assertEquals((await here.event("listening")).service, "site");
  for (const body of ["", "x".repeat(1_000_000)]) {
    const response = await fetch(`http://127.0.0.1:${port}/a?b=c`, { method: "POST", body });
    assertEquals(await response.text(), `POST /a?b=c ${body}`);
  }
  const socketless = await fetch(`http://127.0.0.1:${port}/`);
  assertEquals(await socketless.text(), "GET / ");
});

Deno.test("skip forward --path chooses one of several services", async () => {
  await using echo = service(answerAtEnd);
  await using there = await serveThere((request, info) =>
    new URL(request.url).pathname === "/echo" ? echo.target(request, info) : new Response("the site")
  );
  await using tcp = await forward(there, "--path", "/echo");
  assertEquals(await ask(tcp.connect, "hi"), "you said: hi");
  await using site = await forward(there);
  const response = await fetch(`http://127.0.0.1:${site.address.port}/`);
  assertEquals(await response.text(), "the site");
});

Deno.test("skip forward resets a connection whose service breaks off, and never ends it properly", async () => {
  const broken = createServer((socket) => {
    socket.once("data", () => socket.write("only the beginning", () => socket.resetAndDestroy()));
  });
  await new Promise<void>((resolve) => broken.listen(0, "127.0.0.1", resolve));
  const { port } = broken.address() as { port: number };
  await using there = await serveThere(tcpTarget({ hostname: "127.0.0.1", port }));
  await using here = await forward(there, "--json");
  await assertRejects(() => ask(here.connect, "go on"), Deno.errors.ConnectionReset);
  assertMatch((await here.event("ended")).error, /closed before the end/);
  broken.close();
});

Deno.test("skip forward resets the connections of a peer that is gone, says so once, and works when it is back", async () => {
  await using echo = service(async (conn) => {
    await conn.write(utf8("here I am"));
    await readAll(conn);
  });
  const first = await serveThere(echo.target);
  await using here = await forward(first);
  const greeted = async () => {
    const conn = await here.connect();
    await conn.read(new Uint8Array(16));
    return conn;
  };
  using conn = await greeted();
  await first[Symbol.asyncDispose]();
  await assertRejects(() => readAll(conn), Deno.errors.ConnectionReset);

  await Promise.all([1, 2].map(async () => {
    using lost = await here.connect();
    await assertRejects(() => readAll(lost), Deno.errors.ConnectionReset);
  }));
  assertEquals(here.stderr.text.match(/Each new connection tries again\./g)?.length, 1);

  await using _again = await serveThere(echo.target, first);
  using back = await greeted();
  await here.stderr.until(/The peer is back\./);
  await back.closeWrite();
  await readAll(back);
});

Deno.test("skip forward says that its port is taken, and which words would be right", async () => {
  using holder = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const args = ["forward", NOBODY, `${holder.addr.port}`, "--bootstrap", "none"];
  const taken = await skip(args);
  assertEquals([taken.code, taken.stdout], [1, ""]);
  assertMatch(taken.stderr, new RegExp(`port ${holder.addr.port} is in use by another program`));
  assertMatch(taken.stderr, /skip forward ID PORT/);

  const table: [args: string[], why: RegExp][] = [
    [[], /needs an argument/],
    [["nobody"], /no peer with the name "nobody"/],
    [[NOBODY, "0"], /The local address is not valid: "0"/],
    [[NOBODY, "65536"], /The local address is not valid/],
    [[NOBODY, "localhost"], /The local address is not valid/],
    [[NOBODY, "8080", "8081"], /takes no argument "8081"/],
    [[NOBODY, "--path", "//x"], /--path is not valid/],
  ];
  await Promise.all(table.map(async ([args, why]) => {
    const { code, stderr } = await skip(["forward", ...args]);
    assertEquals(code, 2, args.join(" "));
    assertMatch(stderr, why);
  }));
});

Deno.test("skip forward --as-me shows who asks with every request, and is told where that lets nobody in", async () => {
  await using home = await temporaryFolder();
  const id = (await skip(["id"], { home: home.path })).stdout.trim();
  await using there = await serveThere((_, { remoteId }) => new Response(remoteId ?? "nobody"), {
    access: { allow: [id] },
  });
  const args = ["forward", there.id, ...there.bootstrap, "--no-stun", "--no-map", "--as-me"];
  assertEquals((await skip(args)).code, 6); // somebody else
  await using here = await Skip.start(args, { home: home.path });
  const [, address] = await here.stdout.until(/^(.+)\n/);
  for (let i = 0; i < 2; i++) assertEquals(await (await fetch(`http://${address}/${i}`)).text(), id);
});

Deno.test("skip forward says who is not there", async () => {
  await using node = await Skip.start(["dht", "--host", "127.0.0.1", "--bootstrap", "none"]);
  const [, bootstrap] = await node.stdout.until(/^(.+)\n/);
  const { code, stdout } = await skip(["forward", NOBODY, "--bootstrap", bootstrap!, "--json"]);
  assertEquals([code, events(stdout).at(-1)!.code], [3, "not-found"]);
});
