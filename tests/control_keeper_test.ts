import { assertEquals } from "@std/assert";
import { answerControl } from "../lib/control/mod.ts";
import { ControlKeeper, type ControlKeeperOptions } from "../lib/_control_keeper.ts";
import { PeerError } from "../lib/errors.ts";
import type { Progress } from "../lib/progress.ts";
import { type SocketPair, socketPair } from "./control/_sockets.ts";

const REMOTE = { hostname: "198.51.100.7", port: 41_000 };

/** A keeper, and the other ends of the channels that it has opened. */
function setUp(more: Partial<ControlKeeperOptions> = {}) {
  const pairs: SocketPair[] = [];
  const events: Progress[] = [];
  const lost: number[] = [];
  const keeper = new ControlKeeper({
    open: async () => {
      const pair = await socketPair();
      answerControl(pair.server, REMOTE, () => {});
      pairs.push(pair);
      return pair.client;
    },
    onOpen: () => {},
    onLost: (heardAt) => lost.push(heardAt),
    report: (event) => events.push(event),
    reconnect: false,
    ...more,
  });
  return {
    ...{ keeper, pairs, events, lost },
    async [Symbol.asyncDispose]() {
      await keeper[Symbol.asyncDispose]();
      for (const pair of pairs) await pair[Symbol.asyncDispose]();
    },
  };
}

Deno.test("ControlKeeper opens a channel by itself", async () => {
  const opened = Promise.withResolvers<void>();
  await using set = setUp({ onOpen: opened.resolve });
  assertEquals(set.keeper.channel, undefined);
  await opened.promise;
  assertEquals(await set.keeper.arrival(), set.keeper.channel);
});

Deno.test("ControlKeeper says that the peer was lost and is back, and looks for it at once with `reconnect`", async () => {
  await using set = setUp({ reconnect: true });
  const first = await set.keeper.arrival();
  set.pairs[0]!.server.close();
  await first!.closed;
  assertEquals((await set.keeper.arrival()) === first, false);
  assertEquals([set.events.map((e) => e.type), set.lost.length], [["lost", "restored"], 1]);
});

Deno.test("ControlKeeper waits until the peer is needed again without `reconnect`", async () => {
  await using set = setUp();
  const first = await set.keeper.arrival();
  set.pairs[0]!.server.close();
  await first!.closed;
  const arrival = set.keeper.arrival();
  assertEquals(set.pairs.length, 1);
  set.keeper.need();
  await arrival;
  assertEquals(set.pairs.length, 2);
});

Deno.test("ControlKeeper tries again where no path opened, and not where the peer does not let us in", async () => {
  let attempts = 0;
  await using stubborn = setUp({
    open: () => Promise.reject(new PeerError(++attempts < 3 ? "unreachable" : "denied", "no")),
  });
  assertEquals(await stubborn.keeper.arrival(), undefined);
  assertEquals(attempts, 3);
});

Deno.test("ControlKeeper ends the connection of a channel that was lost, and says goodbye on one that is closed", async () => {
  const ends: AbortSignal[] = [];
  await using pair = await socketPair(); // the other side is there, but deaf
  const other = await socketPair();
  answerControl(other.server, REMOTE, () => {});
  const open = (_: AbortSignal, until: AbortSignal) => {
    ends.push(until);
    return Promise.resolve(ends.length === 1 ? pair.client : other.client);
  };
  const back = Promise.withResolvers<void>();
  const onOpen = () => ends.length === 2 && back.resolve();
  const set = setUp({ open, onOpen, reconnect: true, pingIntervalMs: 5, silenceMs: 500 });
  await back.promise;
  await set[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  assertEquals(ends.map(({ aborted }) => aborted), [true, false]);
});

Deno.test("ControlKeeper can be closed in the moment in which a channel opens", async () => {
  await using pair = await socketPair();
  const opening = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<WebSocket>();
  await using set = setUp({
    open() {
      opening.resolve();
      return opened.promise;
    },
  });
  await opening.promise;
  opened.resolve(pair.client);
  await set.keeper[Symbol.asyncDispose]();
  assertEquals([set.keeper.channel, pair.client.readyState >= WebSocket.CLOSING], [undefined, true]);
});

Deno.test("ControlKeeper.arrival() rejects with the reason of its signal, and ends with the keeper", async () => {
  await using set = setUp({
    open: (signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  const over = new AbortController();
  const arrival = set.keeper.arrival(over.signal);
  over.abort("enough");
  assertEquals(await arrival.catch((reason) => reason), "enough");
  const never = set.keeper.arrival();
  await set.keeper[Symbol.asyncDispose]();
  assertEquals(await never, undefined);
});
