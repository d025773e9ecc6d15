import { assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import { answerControl, ControlChannel } from "../../lib/control/mod.ts";
import { natOf } from "../../lib/nat.ts";
import { once, socketPair } from "./_sockets.ts";

const REMOTE = { hostname: "198.51.100.7", port: 41_000 };
const KNOCK = { candidates: [{ hostname: "203.0.113.9", port: 9 }], nat: natOf("preserving") };

const NOT_WAITING = { signal: new AbortController().signal, onPorts: () => {} };

Deno.test("ControlChannel measures round trips, and knocks", async () => {
  await using pair = await socketPair();
  const knocked = Promise.withResolvers<string | undefined>();
  answerControl(pair.server, REMOTE, ({ from }) => knocked.resolve(from));
  using channel = new ControlChannel(pair.client);
  assertEquals(channel.roundTrips, undefined);
  const ms = [await channel.ping(), await channel.ping()];
  const { minMs, medianMs, p95Ms, count } = channel.roundTrips!;
  assertGreaterOrEqual(count, 2);
  assertEquals([minMs <= Math.min(...ms), minMs <= medianMs, medianMs <= p95Ms], [true, true, true]);
  await channel.knock(KNOCK, NOT_WAITING);
  assertEquals(await knocked.promise, REMOTE.hostname);
});

Deno.test("ControlChannel ends when nobody answers any more, and says so to who waits", async () => {
  await using pair = await socketPair();
  const before = performance.now(); // before its first question
  const channel = new ControlChannel(pair.client, { pingIntervalMs: 5, silenceMs: 20 });
  const knock = channel.knock(KNOCK, NOT_WAITING); // the other side is there, but deaf
  await channel.closed;
  assertGreaterOrEqual(performance.now() - before, 20);
  await assertRejects(() => knock, DOMException, "ended");
  await assertRejects(() => channel.ping(), DOMException, "ended");
});

Deno.test("ControlChannel lives as long as there are answers", async () => {
  await using pair = await socketPair();
  answerControl(pair.server, REMOTE, () => {});
  using channel = new ControlChannel(pair.client, { pingIntervalMs: 5, silenceMs: 1000 });
  let isOver = false;
  channel.closed.then(() => isOver = true);
  while ((channel.roundTrips?.count ?? 0) < 20) await channel.ping();
  assertEquals(isOver, false);
});

Deno.test("ControlChannel does not take its own sleep for the silence of the other side", async () => {
  await using pair = await socketPair();
  answerControl(pair.server, REMOTE, () => {});
  using channel = new ControlChannel(pair.client, { pingIntervalMs: 5, silenceMs: 500 });
  let isOver = false;
  channel.closed.then(() => isOver = true);
  const asleep = channel.ping(); // on its way, and the answer comes while nobody here can hear it
  for (const until = performance.now() + 1000; performance.now() < until;);
  await asleep;
  await channel.ping();
  assertEquals(isOver, false);
});

Deno.test("ControlChannel ends when the other side closes it, or sends noise in place of answers", async () => {
  for (const end of ["close", "noise"] as const) {
    await using pair = await socketPair();
    const channel = new ControlChannel(pair.client, { pingIntervalMs: 5, silenceMs: 20 });
    if (end === "close") pair.server.close();
    else pair.server.onmessage = () => pair.server.send('{"type":"pong","n":99}');
    await channel.closed;
  }
});

Deno.test("ControlChannel.ping() rejects with the reason of its signal", async () => {
  await using pair = await socketPair();
  using channel = new ControlChannel(pair.client);
  await once(pair.server, "message");
  const over = new AbortController();
  const ping = channel.ping(over.signal);
  over.abort("enough");
  assertEquals(await ping.catch((reason) => reason), "enough");
  await assertRejects(() => channel.ping(AbortSignal.abort()), DOMException);
});

Deno.test("ControlChannel.knock() tells once from which ports the peer dials, and nothing once it is over", async () => {
  await using pair = await socketPair();
  const answers: ((ports: readonly number[]) => void)[] = [];
  answerControl(pair.server, REMOTE, ({ answer }) => answers.push(answer!));
  using channel = new ControlChannel(pair.client);
  const told: (readonly number[])[] = [];
  const knock = async () => {
    const over = new AbortController();
    await channel.knock(KNOCK, { signal: over.signal, onPorts: (ports) => told.push(ports) });
    return over;
  };
  await knock();
  answers[0]!([5000]);
  answers[0]!([6000]);
  (await knock()).abort();
  answers[1]!([7000]);
  await channel.ping(); // whatever was said before it has come
  assertEquals(told, [[5000]]);
});
