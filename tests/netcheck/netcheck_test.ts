import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { MemoryHub } from "../../lib/discovery/mod.ts";
import { netcheck } from "../../lib/netcheck/mod.ts";
import { Testnet } from "../testnet.ts";
import { serverThat, stunServer } from "./_observer.ts";

const at = ({ endpoint }: { endpoint: { hostname: string; port: number } }) =>
  `${endpoint.hostname}:${endpoint.port}`;

function offline() {
  const hub = new MemoryHub();
  hub.isOnline = false;
  return hub.open();
}

Deno.test("netcheck() sees this machine through a DHT and an observer on it", async () => {
  await using net = await Testnet.create({ nodes: 4 });
  await using observer = await stunServer((_, transport) =>
    Promise.resolve(transport === "tcp" ? "silence" : "sent")
  );
  const bootstrap = net.bootstrap.map((e) => `${e.hostname}:${e.port}`);
  const report = await netcheck({ bootstrap, stun: [at(observer)] });
  assertEquals(report.line, "skip1 open/port/silence");
  assertEquals([report.dht.online, report.external], [true, ["127.0.0.1"]]);
  assertEquals(report.servers.map(({ address, observer }) => [address, observer]), [[at(observer), true]]);
  assertEquals(report.hairpinning, undefined);
  assertMatch(report.verdict, /^Connects directly/);
});

Deno.test("netcheck() on a machine without a network ends in time, and says what it could not find out", async () => {
  const report = await netcheck({ discovery: offline(), stun: ["127.0.0.1:9"] });
  assertEquals([report.line, report.dht.online, report.ms < 6000], ["skip1 unknown", false, true]);
  assertMatch(report.notes.join("\n"), /no node of the DHT answers.*\nno server answers over TCP\n/);
});

Deno.test("netcheck() makes nothing of servers that lie or say nothing", async () => {
  await using liar = await serverThat(async (stream) => {
    for (let i = 0; i < 100; i++) await stream.write(crypto.getRandomValues(new Uint8Array(1000)));
  });
  await using mute = await serverThat(() => Promise.resolve());
  const discovery = new MemoryHub().open();
  const report = await netcheck({ discovery, stun: [at(liar), at(mute)] });
  assertEquals([report.nat.mapping, report.nat.filtering], ["open", "unknown"]); // the hub's word for loopback
  assertEquals(report.servers.map((s) => s.ms), [undefined, undefined]);
});

Deno.test("netcheck() gives up an observer that answers what is easy, and then no more", async () => {
  const late = Promise.withResolvers<"in">();
  await using observer = await stunServer(({ port }) =>
    port === 1 ? Promise.resolve("declined") : late.promise
  );
  const report = await netcheck({ discovery: new MemoryHub().open(), stun: [at(observer)] });
  late.resolve("in");
  assertEquals([report.servers[0]?.observer, report.nat.filtering], [true, "unknown"]);
  assertEquals(report.ms < 6000, true, `${report.ms} ms`);
  assertMatch(report.notes.join(), /did not try/);
});

Deno.test("netcheck() rejects with the reason of its signal, and for a server that is none", async () => {
  const reason = new Error("enough");
  await using mute = await serverThat(() => Promise.resolve());
  const controller = new AbortController();
  const checking = netcheck({
    discovery: offline(),
    stun: [at(mute)],
    signal: controller.signal,
  });
  controller.abort(reason);
  assertEquals(await assertRejects(() => checking), reason);
  assertEquals(await assertRejects(() => netcheck({ signal: AbortSignal.abort(reason) })), reason);
  for (const server of ["", "host", "host:0", "host:65536"]) {
    await assertRejects(() => netcheck({ discovery: offline(), stun: [server] }), SyntaxError);
  }
});
