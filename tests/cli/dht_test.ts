import { assertEquals, assertMatch } from "@std/assert";
import { DhtNode } from "../../lib/discovery/mod.ts";
import { events, Skip, skip } from "./_skip.ts";

async function knows(port: number): Promise<boolean> {
  await using node = await DhtNode.open({
    hostname: "127.0.0.1",
    bootstrap: [{ hostname: "127.0.0.1", port }],
    readOnly: true,
  });
  await node.online({ signal: AbortSignal.timeout(10_000) });
  return true;
}

Deno.test("skip dht runs a node, prints where, and ends at Ctrl-C", async () => {
  await using command = await Skip.start(["dht", "--host", "127.0.0.1", "--bootstrap", "none"]);
  const [, port] = await command.stdout.until(/^127\.0\.0\.1:(\d+)\n$/);
  assertEquals(await knows(Number(port)), true);
  command.kill("SIGINT");
  const { code, stdout, stderr } = await command.ended;
  assertEquals([code, stdout], [130, `127.0.0.1:${port}\n`]);
  assertMatch(stderr, /^A node of the DHT, until Ctrl-C\.\n/);
  Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: Number(port) }).close(); // it is free
});

Deno.test("skip dht --json says address and port, and finds others by --bootstrap", async () => {
  await using first = await Skip.start(["dht", "--host", "127.0.0.1", "--bootstrap", "none", "--json"]);
  const { address, port } = await first.event("ready");
  assertEquals(address, `127.0.0.1:${port}`);
  await using second = await Skip.start(["dht", "--bootstrap", address, "--json"]);
  assertEquals(await knows((await second.event("ready")).port), true);
});

Deno.test("skip dht --port takes that port, and says so when it is taken", async () => {
  const busy = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = busy.addr as Deno.NetAddr;
  const args = ["dht", "--host", "127.0.0.1", "--port", `${port}`, "--bootstrap", "none", "--json"];
  const { code, stdout } = await skip(args);
  assertEquals([code, events(stdout).map((e) => e.code)], [1, ["port-in-use"]]);
  busy.close();
  await using command = await Skip.start(args);
  assertEquals((await command.event("ready")).port, port);
});

Deno.test("skip dht refuses wrong values", async () => {
  const table: [args: string[], why: RegExp][] = [
    [["--host", "localhost"], /--host is not valid: "localhost"/],
    [["--host", "::1"], /--host is not valid/],
    [["--port", "65536"], /--port is not valid: "65536"/],
    [["--bootstrap", "nowhere"], /--bootstrap is not valid: "nowhere"/],
    [["--bootstrap", "127.0.0.1:0"], /--bootstrap is not valid/],
    [["extra"], /takes no argument "extra"/],
  ];
  for (const [args, why] of table) {
    const { code, stdout, stderr } = await skip(["dht", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, why);
  }
});

Deno.test("skip dht says so when its address is not of this machine", async () => {
  const { code, stdout } = await skip(["dht", "--host", "198.51.100.1", "--bootstrap", "none", "--json"]);
  const [event] = events(stdout);
  assertEquals([code, event!.type, event!.code], [1, "error", "listen"]);
  assertMatch(String(event!.message), /198\.51\.100\.1|EADDRNOTAVAIL/);
});
