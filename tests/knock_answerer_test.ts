import { assertEquals } from "@std/assert";
import type { Vantage } from "../lib/candidates/mod.ts";
import { Gate } from "../lib/_gate.ts";
import { generateIdentity } from "../lib/identity/mod.ts";
import { KnockAnswerer } from "../lib/_knock_answerer.ts";
import type { Progress } from "../lib/progress.ts";
import type { PunchPort } from "../lib/punch/mod.ts";

const HOME: Vantage = { publicAddress: "198.51.100.7", interfaces: [{ address: "192.168.1.2", prefix: 24 }] };

/** An answerer whose port dials nobody, but notes whom it would have dialled. */
function answerer(vantage = HOME) {
  const dialled: string[] = [];
  const port: PunchPort = {
    port: 5000,
    dial: ({ hostname, port }, { signal } = {}) => {
      dialled.push(`${hostname}:${port}`);
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const events: Progress[] = [];
  const gate = new Gate(generateIdentity(), { accept: () => Promise.resolve() }, () => {});
  const answerer = new KnockAnswerer({ port, gate, vantage: () => vantage, report: (e) => events.push(e) });
  return { answerer, dialled, events };
}

const at = (hostname: string, port = 6000) => ({ hostname, port });

Deno.test("KnockAnswerer dials whoever knocks, each endpoint once", async () => {
  const { answerer: knocks, dialled, events } = answerer();
  knocks.answer({ via: "announce", candidates: [at("203.0.113.9")] });
  knocks.answer({ via: "sealed", candidates: [at("203.0.113.9"), at("203.0.113.10")] });
  await knocks[Symbol.asyncDispose]();
  assertEquals(dialled, ["203.0.113.9:6000", "203.0.113.10:6000"]);
  assertEquals(events.map((e) => e.type === "knocked" && e.from), [["203.0.113.9:6000"], [
    "203.0.113.10:6000",
  ]]);
});

Deno.test("KnockAnswerer never dials into a private network at a stranger's word", async () => {
  const { answerer: knocks, dialled } = answerer();
  const inside = [at("192.168.1.1", 80), at("10.0.0.1"), at("127.0.0.1", 22), at("224.0.0.1"), at("0.0.0.0")];
  for (const via of ["announce", "sealed", "datagram"] as const) knocks.answer({ via, candidates: inside });
  knocks.answer({ via: "sealed", candidates: [at("198.51.100.7"), at("192.168.1.1", 80)] });
  await knocks[Symbol.asyncDispose]();
  assertEquals(dialled, ["198.51.100.7:6000"]);
});

Deno.test("KnockAnswerer dials a limited number of endpoints, for one knock and in all", async () => {
  const { answerer: knocks, dialled } = answerer();
  knocks.answer({
    via: "sealed",
    candidates: Array.from({ length: 100 }, (_, i) => at("203.0.113.9", 1000 + i)),
  });
  assertEquals(dialled.length, 8);
  for (let i = 0; i < 200; i++) knocks.answer({ via: "announce", candidates: [at(`203.0.${i}.1`)] });
  assertEquals(dialled.length, 128);
  await knocks[Symbol.asyncDispose]();
});
