/** What goes wrong around `skip connect`: each fault has its code, and none makes it hang. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Testnet } from "../testnet.ts";
import { type Ending, events, serveAlone, Skip, skip } from "./_skip.ts";

const NOBODY = "y".repeat(52);
const WINDOWS = Deno.build.os === "windows";

/** A UDP port of loopback at which nobody answers. */
function silentNode(): { address: string } & Disposable {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${(socket.addr as Deno.NetAddr).port}`;
  return { address, [Symbol.dispose]: () => socket.close() };
}

/** A serving peer in a DHT that outlives it. */
async function serveIn(testnet: Testnet) {
  const bootstrap = `127.0.0.1:${testnet.nodes[0]!.port}`;
  const server = await Skip.start(["serve", "--ephemeral", "--bootstrap", bootstrap, "--json"]);
  const { id } = await server.event("ready");
  return Object.assign(server, { id: id as string, bootstrap });
}

function outcome({ code, stdout, stderr }: Ending) {
  const error = events(stdout).at(-1)!;
  assertEquals([error.type, stderr], ["error", ""]);
  assert(error.message !== "" && error.hint !== "");
  return [code, error.code];
}

/** Arguments, and the exit code and error code that they end with within so many seconds. */
type Row = readonly [args: readonly string[], code: number, word: string, seconds: number];

Deno.test("skip connect ends within its time when nobody answers, and says who", async () => {
  await using testnet = await Testnet.create({ nodes: 4 });
  await using gone = await serveIn(testnet);
  gone.kill("SIGKILL");
  await gone.ended;
  using silent = silentNode();
  const { id, bootstrap } = gone;
  const table: Row[] = [
    [[NOBODY, "--bootstrap", silent.address], 1, "offline", 15],
    [[NOBODY, "--bootstrap", silent.address, "--timeout", "1"], 124, "timeout", 5],
    [[NOBODY, "--bootstrap", bootstrap], 3, "not-found", 10],
    [[id, "--bootstrap", bootstrap, "--timeout", "2"], 124, "timeout", 6],
    [[id, "--bootstrap", bootstrap], 4, "unreachable", 25],
    [[id, "--bootstrap", silent.address, "--bootstrap", bootstrap], 4, "unreachable", 25],
  ];
  await Promise.all(table.map(async ([args, code, word, seconds]) => {
    const start = performance.now();
    assertEquals(outcome(await skip(["connect", ...args, "--json"])), [code, word], args.join(" "));
    const took = (performance.now() - start) / 1000;
    assert(took < seconds, `${args.join(" ")} took ${took} s`);
  }));
});

Deno.test("skip connect names the bootstrap node that has no address", async () => {
  const ended = await skip(["connect", NOBODY, "--bootstrap", "nohost.invalid:6881"]);
  assertEquals(ended.code, 1);
  assertStringIncludes(ended.stderr, "no node of the DHT within 10 s; no address for nohost.invalid");
});

Deno.test({
  name: "skip connect does not hang when the serving peer is killed while it connects",
  ignore: WINDOWS,
  async fn() {
    await using testnet = await Testnet.create({ nodes: 4 });
    await using server = await serveIn(testnet);
    server.kill("SIGSTOP"); // its kernel accepts connections, on which nobody answers
    const args = ["connect", server.id, "--bootstrap", server.bootstrap, "--timeout", "4", "--json"];
    await using client = await Skip.start(args);
    await client.event("knock");
    server.kill("SIGKILL");
    assertEquals(outcome(await client.ended), [124, "timeout"]);
  },
});

Deno.test("skip connect ends at once when the serving peer is killed while the WebSocket is open", async () => {
  await using server = await serveAlone();
  const args = ["connect", server.id, "--bootstrap", server.bootstrap, "--json"];
  await using client = await Skip.start(args);
  await client.event("message");
  server.kill("SIGKILL");
  const start = performance.now();
  assertEquals(outcome(await client.ended), [1, "closed"]);
  assert(performance.now() - start < 5000);
});

Deno.test("skip serve serves others when a connecting peer is killed at any stage", async () => {
  await using server = await serveAlone();
  const args = ["connect", server.id, "--bootstrap", server.bootstrap, "--json"];
  for (const stage of ["online", "resolved", "candidates", "path", "open", "message"]) {
    await using client = await Skip.start(args);
    await client.event(stage);
    client.kill("SIGKILL");
    await client.ended;
  }
  const { code, stdout } = await skip(args, { input: "still there?\n" });
  assertEquals([code, events(stdout).some(({ data }) => data === "still there?")], [0, true]);
});
