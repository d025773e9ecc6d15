import { assertEquals, assertRejects } from "@std/assert";
import { type Discovery, MemoryHub } from "../lib/discovery/mod.ts";
import { natOf } from "../lib/nat.ts";
import { openOwnSide } from "../lib/_own_side.ts";
import { openPort } from "../lib/punch/mod.ts";
import { stunServer } from "./netcheck/_observer.ts";

const record = { candidates: [], nat: natOf("preserving"), sealKey: new Uint8Array(32) };
const NEVER = new AbortController().signal;
const options = { stun: [], portMapping: true, report() {} };

Deno.test("openOwnSide() goes by the votes, and asks nobody, where these settle it", async () => {
  await using discovery = new MemoryHub().open();
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  await using side = await openOwnSide({ ...options, discovery }, {
    ...{ port, record, signal: NEVER },
  });
  assertEquals([side.local.nat.mapping, side.servers], ["open", []]);
});

Deno.test("openOwnSide() has servers look where the votes leave it open", async () => {
  await using server = await stunServer();
  await using other = await stunServer();
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  const stun = [server.endpoint, other.endpoint];
  await using side = await openOwnSide({ ...options, stun, discovery: UNSETTLED }, {
    ...{ port, record, signal: NEVER },
  });
  assertEquals(side.servers, stun);
});

Deno.test("openOwnSide() rejects when it is aborted", async () => {
  await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  const signal = AbortSignal.abort(new Error("enough"));
  const stun = [{ hostname: "127.0.0.1", port: 9 }];
  await assertRejects(
    () => openOwnSide({ ...options, stun, discovery: UNSETTLED }, { port, record, signal }),
    Error,
    "enough",
  );
});

/** Nodes that each see another port. */
const UNSETTLED = {
  port: 5000,
  observations: () =>
    [["1.1.0.1", 6001], ["2.2.0.1", 6002], ["3.3.0.1", 6003]].map(([hostname, port]) => ({
      observer: { hostname, port: 1 },
      observed: { hostname: "127.0.0.9", port },
    })),
  observers: () => Promise.resolve([]),
} as unknown as Discovery;
