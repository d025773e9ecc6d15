import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { assertEquals, assertRejects } from "@std/assert";
import { answerChecks } from "../lib/check/mod.ts";
import type { ByteStream } from "../lib/byte_stream.ts";
import type { Endpoint } from "../lib/endpoint.ts";
import { generateIdentity } from "../lib/identity/mod.ts";
import { learnNat, lookAgain, needsObservation } from "../lib/_nat_learner.ts";
import { Lookout } from "../lib/_lookout.ts";
import { natOf } from "../lib/nat.ts";
import { NodeStream } from "../lib/punch/_node_stream.ts";
import { openPort } from "../lib/punch/mod.ts";
import { serverBehindNat, serverThat, stunServer } from "./netcheck/_observer.ts";

const NEVER = new AbortController().signal;
const UNKNOWN = natOf("unknown");
/** Hears what is asked, and says nothing. */
const listen = async (stream: ByteStream) => {
  while (await stream.read(new Uint8Array(64)) !== null);
};
/** As if loopback belonged to a NAT. */
const ELSEWHERE: readonly string[] = [];

async function learn(
  servers: readonly Endpoint[],
  more: { signal?: AbortSignal; votes?: typeof UNKNOWN } = {},
) {
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  using lookout = new Lookout(port);
  const learned = await learnNat({
    ...{ votes: UNKNOWN, own: ELSEWHERE, signal: NEVER, ...more },
    ...{ lookout, servers },
  });
  return { nat: learned.nat, external: learned.external, port: port.port };
}

Deno.test("needsObservation() is true wherever the votes leave open which port TCP gets", () => {
  const mappings = ["open", "preserving", "independent", "dependent", "unknown"] as const;
  assertEquals(mappings.filter((mapping) => needsObservation(natOf(mapping))), [
    "independent",
    "dependent",
    "unknown",
  ]);
});

Deno.test("learnNat() learns from servers that the port is kept, and where it is seen", async () => {
  await using one = await stunServer();
  await using two = await stunServer();
  const { nat, external, port } = await learn([one.endpoint, two.endpoint]);
  assertEquals([nat.mapping, external], ["preserving", { hostname: "127.0.0.1", port }]);
});

Deno.test("learnNat() is not held up by servers that are dead, silent, or answer with something else", async () => {
  await using good = await stunServer();
  await using silent = await serverThat(listen);
  await using wrong = await serverThat((stream) => stream.write(new Uint8Array(20)));
  const { nat, external, port } = await learn([
    { hostname: "127.0.0.1", port: 9 },
    silent.endpoint,
    wrong.endpoint,
    good.endpoint,
  ]);
  assertEquals([nat.mapping, external?.port], ["preserving", port]);
});

Deno.test("learnNat() asks over IPv4 alone: over IPv6 every server would see another address", async () => {
  await using one = await stunServer();
  await using two = await stunServer();
  const both = [one, two].flatMap(({ endpoint }) => [{ ...endpoint, hostname: "::1" }, endpoint]);
  const { nat, external } = await learn(both);
  assertEquals([nat.mapping, external?.hostname], ["preserving", "127.0.0.1"]);
});

Deno.test("learnNat() has one connection looked at when the votes settle all but the address", async () => {
  let asked = 0;
  await using server = await serverBehindNat(({ port }) => (asked++, { hostname: "203.0.113.8", port }));
  const { nat, external, port } = await learn([server.endpoint], { votes: natOf("preserving") });
  assertEquals([nat, external, asked], [natOf("preserving"), { hostname: "203.0.113.8", port }, 1]);
  await learn([server.endpoint], { votes: natOf("open") });
  assertEquals(asked, 1);
});

Deno.test("learnNat() keeps to the votes when nobody answers", async () => {
  const dead = { hostname: "127.0.0.1", port: 9 };
  assertEquals((await learn([dead], { votes: natOf("dependent") })).nat, natOf("dependent"));
});

Deno.test("learnNat() rejects with the reason of its signal, and leaves nothing open", async () => {
  await using silent = await serverThat(listen);
  const over = new AbortController();
  const learning = learn([silent.endpoint], { signal: over.signal });
  over.abort(new Error("enough"));
  await assertRejects(() => learning, Error, "enough");
});

Deno.test("lookAgain() asks over the same connections, tells a change, and when the servers differ", async () => {
  const external = [40_001, 40_001];
  const asked: number[] = [];
  const seeing = (i: number) =>
    serverBehindNat(({ port }) => (asked.push(port), { hostname: "127.0.0.1", port: external[i]! }));
  await using one = await seeing(0);
  await using two = await seeing(1);
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  using lookout = new Lookout(port);
  const around = { lookout, servers: [one.endpoint, two.endpoint], signal: NEVER };
  const learned = { nat: natOf("independent"), external: { hostname: "127.0.0.1", port: 40_001 } };
  assertEquals([await lookAgain(learned, around), await lookAgain(learned, around)], [learned, learned]);
  assertEquals(asked, Array(4).fill(port.port));
  external.fill(40_002);
  assertEquals((await lookAgain(learned, around))?.external?.port, 40_002);
  external[0] = 40_003;
  assertEquals(await lookAgain(learned, around), undefined);
});

Deno.test("lookAgain() keeps to what was learnt when nobody answers, and dials anew whoever ended the connection", async () => {
  const ends: (() => void)[] = [];
  const identity = generateIdentity();
  await using server = await serverThat((
    stream,
  ) => (ends.push(() => stream.close()), answerChecks(stream, identity)));
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  using lookout = new Lookout(port);
  const around = { lookout, servers: [server.endpoint], signal: NEVER };
  const learned = { nat: natOf("independent"), external: { hostname: "127.0.0.1", port: 1 } };
  const seen = { ...learned, external: { hostname: "127.0.0.1", port: port.port } };
  assertEquals(await lookAgain(learned, around), seen);
  ends[0]!();
  // Until the system has let go of the port, nobody answers.
  while (ends.length < 2) assertEquals((await lookAgain(learned, around))?.nat, learned.nat);
  assertEquals(await lookAgain(learned, around), seen);
});

Deno.test("lookAgain() dials anew at once when all connections that were kept have been reset, as after a router's restart", async () => {
  const kept: Socket[] = [];
  const identity = generateIdentity();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    kept.push(socket);
    answerChecks(new NodeStream(socket), identity).catch(() => {}); // it is reset
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  using lookout = new Lookout(port);
  const endpoint = { hostname: "127.0.0.1", port: (server.address() as AddressInfo).port };
  const around = { lookout, servers: [endpoint], signal: NEVER };
  const learned = { nat: natOf("independent"), external: { hostname: "127.0.0.1", port: 1 } };
  const seen = { ...learned, external: { hostname: "127.0.0.1", port: port.port } };
  assertEquals(await lookAgain(learned, around), seen);
  kept[0]!.resetAndDestroy();
  assertEquals([await lookAgain(learned, around), kept.length], [seen, 2]);
  lookout[Symbol.dispose]();
  kept[1]!.destroy();
  server.close();
  await once(server, "close");
});
