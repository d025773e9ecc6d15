import { assertEquals } from "@std/assert";
import { startTactic } from "../lib/_connecting_tactic.ts";
import { type Nat, natOf } from "../lib/nat.ts";
import { openPort, outlook } from "../lib/punch/mod.ts";
import { aborted } from "../lib/_tactics.ts";

const SEQUENTIAL = natOf("sequential", { sequence: { next: 40_000, step: 1, rate: 0 } });

async function tactic(own: Nat, peer: Nat, port: number) {
  const own_ = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  const over = new AbortController();
  const answering = Promise.withResolvers<(ports: readonly number[]) => void>();
  const running = startTactic({
    ...{ own, peer, servers: [], signal: over.signal, port: own_ },
    outlook: outlook(own, peer),
    remote: { hostname: "127.0.0.1", port },
    onStream: (stream) => stream.close(),
    watchPorts(onPorts) {
      answering.resolve(onPorts);
      return aborted(over.signal);
    },
  });
  const answer = async (ports: readonly number[]) => (await answering.promise)(ports);
  const end = async () => {
    over.abort();
    await running.done;
    await own_.close();
  };
  return { running, answer, [Symbol.asyncDispose]: end };
}

Deno.test("startTactic() does nothing beside plain dials where these will do", async () => {
  await using plain = await tactic(natOf("preserving"), natOf("preserving"), 9);
  assertEquals(await plain.running.ports, []);
  await plain.running.done;
});

Deno.test("startTactic() dials the ports that the serving peer answers, where its NAT allots in sequence", async () => {
  const arrived = Promise.withResolvers<void>();
  await using listening = await openPort({
    port: 0,
    onConnection(stream) {
      arrived.resolve();
      stream.close();
    },
  });
  await using waiting = await tactic(natOf("preserving"), SEQUENTIAL, 9);
  await waiting.answer([listening.port]);
  await arrived.promise;
});

Deno.test("startTactic() ends a volley when it is aborted", async () => {
  await using volley = await tactic(natOf("random"), natOf("preserving"), 9);
  assertEquals(await volley.running.ports, []);
});
