/**
 * A tactic of a serving peer during which the runtime collects whatever nobody holds; needs `--v8-flags=--expose-gc`. Prints
 * `ended` when it has ended as it should.
 *
 * @module
 */
import { natOf } from "../../lib/nat.ts";
import { outlook, type PunchPort } from "../../lib/punch/mod.ts";
import { ServingTactics } from "../../lib/_serving_tactics.ts";

const { gc } = globalThis as unknown as { gc: () => void };
const nextTurn = () => new Promise((resolve) => setTimeout(resolve));

const pathInUse = Promise.withResolvers<() => void>();
const ended = Promise.withResolvers<void>();
const port: PunchPort = {
  port: 5000,
  dial: () => Promise.reject(new Error("refused")),
  close: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
const gate = {
  admit: () => {},
  onPath: (_key: string, notify: () => void) => {
    pathInUse.resolve(notify);
    return () => ended.resolve();
  },
};
const tactics = new ServingTactics({ port, gate, servers: () => Promise.resolve([]), answer: () => {} });
const own = natOf("sequential", { sequence: { next: 100, step: 1, rate: 0 } });
const peer = natOf("preserving");
tactics.start({ outlook: outlook(own, peer), own, peer, remote: { hostname: "203.0.113.9", port: 6000 } });
const notify = await pathInUse.promise;
await nextTurn();
gc();
await nextTurn();
notify();
await ended.promise;
await tactics[Symbol.asyncDispose]();
await Deno.stdout.write(new TextEncoder().encode("ended"));
