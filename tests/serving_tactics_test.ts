import { assert, assertEquals } from "@std/assert";
import { natOf } from "../lib/nat.ts";
import { outlook, type PunchPort } from "../lib/punch/mod.ts";
import { ServingTactics, type TacticKnock } from "../lib/_serving_tactics.ts";
import { ROOT, runFlags } from "../tools/run_flags.ts";

/** Tactics whose port dials nobody, but notes whom it would have dialled; `path` tells that a path is in use. */
function tactics() {
  const dialled: string[] = [];
  const waiting = new Map<string, () => void>();
  const port: PunchPort = {
    port: 5000,
    dial: ({ hostname, port }, { signal } = {}) => {
      dialled.push(`${hostname}:${port}`);
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const ended = Promise.withResolvers<void>();
  const gate = {
    admit: () => {},
    onPath: (key: string, notify: () => void) => {
      waiting.set(key, notify);
      return () => ended.resolve();
    },
  };
  const running = new ServingTactics({ port, gate, servers: () => Promise.resolve([]), answer: () => {} });
  return { running, dialled, path: (key: string) => waiting.get(key)?.(), ended: ended.promise };
}

function knock(
  own = natOf("preserving"),
  peer = natOf("random"),
  more: Partial<TacticKnock> = {},
): TacticKnock {
  return { outlook: outlook(own, peer), own, peer, remote: { hostname: "203.0.113.9", port: 6000 }, ...more };
}

Deno.test("ServingTactics dials the ports that the peer told, where its NAT allots in sequence", async () => {
  const { running, dialled } = tactics();
  const peer = natOf("sequential", { sequence: { next: 100, step: 1, rate: 0 } });
  running.start(knock(natOf("preserving"), peer, { ports: [104, 105] }));
  await running[Symbol.asyncDispose]();
  assertEquals(dialled, ["203.0.113.9:104", "203.0.113.9:105"]);
});

Deno.test("ServingTactics stays within the block that the peer named", async () => {
  const { running, dialled } = tactics();
  running.start(knock(natOf("preserving"), natOf("block", { block: { first: 2048, last: 4095 } })));
  await running[Symbol.asyncDispose]();
  const ports = dialled.map((endpoint) => Number(endpoint.split(":")[1]));
  assert(ports.length > 200 && ports.every((port) => port >= 2048 && port <= 4095));
});

Deno.test("ServingTactics begins once for each peer, with few at once, and ends when a path is in use", async () => {
  const { running, dialled, path, ended } = tactics();
  running.start(knock());
  const once = dialled.length;
  running.start(knock());
  assertEquals(dialled.length, once);
  path("203.0.113.9");
  await ended;
  for (let i = 0; i < 50; i++) {
    running.start(knock(undefined, undefined, { remote: { hostname: `203.0.114.${i}`, port: 6000 } }));
  }
  await running[Symbol.asyncDispose]();
  assert(new Set(dialled.map((endpoint) => endpoint.split(":")[0])).size <= 5);
});

Deno.test("ServingTactics ends when a path is in use, whatever the runtime has collected meanwhile", async () => {
  const script = new URL("testdata/collected_tactic.ts", import.meta.url).pathname;
  const args = ["run", "--quiet", "-A", "--v8-flags=--expose-gc", ...await runFlags(), script];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  assertEquals(new TextDecoder().decode(stdout), "ended", new TextDecoder().decode(stderr));
});
