import { assert, assertEquals } from "@std/assert";
import type { Vantage } from "../lib/candidates/mod.ts";
import { Gate } from "../lib/_gate.ts";
import { generateIdentity } from "../lib/identity/mod.ts";
import { KnockAnswerer } from "../lib/_knock_answerer.ts";
import { natOf } from "../lib/nat.ts";
import type { Progress } from "../lib/progress.ts";
import type { PunchPort } from "../lib/punch/mod.ts";

const HOME: Vantage = { publicAddress: "198.51.100.7", interfaces: [{ address: "192.168.1.2", prefix: 24 }] };

/** An answerer whose port dials nobody, but notes whom it would have dialled; `refuse` is what some make of it. */
function answerer(
  vantage = HOME,
  nat = natOf("preserving"),
  refuse?: (hostname: string) => Promise<never> | undefined,
) {
  const dialled: string[] = [];
  const port: PunchPort = {
    port: 5000,
    dial: ({ hostname, port }, { signal } = {}) => {
      dialled.push(`${hostname}:${port}`);
      return refuse?.(hostname) ??
        new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const events: Progress[] = [];
  const gate = new Gate(generateIdentity(), { accept: () => Promise.resolve() }, () => {});
  const answerer = new KnockAnswerer({
    ...{ port, gate },
    vantage: () => ({ ...vantage, candidates: [], nat }),
    report: (e) => events.push(e),
    servers: () => Promise.resolve([]),
    answer: () => {},
  });
  return { answerer, dialled, events };
}

const at = (hostname: string, port = 6000) => ({ hostname, port });

Deno.test("KnockAnswerer dials whoever knocks, each endpoint once", async () => {
  const { answerer: knocks, dialled, events } = answerer();
  knocks.answer({ via: "announce", candidates: [at("203.0.113.9")] });
  knocks.answer({ via: "sealed", candidates: [at("203.0.113.9"), at("203.0.113.9", 6001)] });
  await knocks[Symbol.asyncDispose]();
  assertEquals(dialled, ["203.0.113.9:6000", "203.0.113.9:6001"]);
  assertEquals(events.map((e) => e.type === "knocked" && e.from), [["203.0.113.9:6000"], [
    "203.0.113.9:6001",
  ]]);
});

Deno.test("KnockAnswerer never dials into a private network at a stranger's word", async () => {
  const { answerer: knocks, dialled } = answerer();
  const inside = [at("192.168.1.1", 80), at("10.0.0.1"), at("127.0.0.1", 22), at("224.0.0.1"), at("0.0.0.0")];
  for (const via of ["announce", "sealed", "datagram"] as const) knocks.answer({ via, candidates: inside });
  knocks.answer({ via: "announce", candidates: [at("198.51.100.7")] });
  knocks.answer({ via: "sealed", candidates: [at("198.51.100.7"), at("192.168.1.1", 80)] });
  await knocks[Symbol.asyncDispose]();
  assertEquals(dialled, ["198.51.100.7:6000"]);
});

Deno.test("KnockAnswerer dials a limited number of endpoints, for one knock and in all", async () => {
  const { answerer: knocks, dialled } = answerer();
  knocks.answer({ via: "announce", candidates: [at("203.0.113.9", 999)] });
  knocks.answer({
    via: "sealed",
    candidates: Array.from({ length: 100 }, (_, i) => at("203.0.113.9", 1000 + i)),
  });
  assertEquals(dialled.length, 9);
  for (let i = 0; i < 200; i++) knocks.answer({ via: "announce", candidates: [at(`203.0.${i}.1`)] });
  assertEquals(dialled.length, 128);
  await knocks[Symbol.asyncDispose]();
});

Deno.test("KnockAnswerer sends nothing towards third parties that a knock names, whatever it says of its NAT", async () => {
  for (const via of ["sealed", "datagram"] as const) {
    const { answerer: knocks, dialled } = answerer();
    const named = { via, candidates: [at("203.0.113.10"), at("203.0.113.11")], nat: natOf("random") };
    knocks.answer(named);
    assertEquals(dialled, []);
    knocks.answer({ via: "announce", candidates: [at("203.0.113.66")] }); // somebody else's
    assertEquals(dialled, ["203.0.113.66:6000"]);
    knocks.answer({ ...named, candidates: [...named.candidates, at("203.0.113.66", 6001)] });
    await knocks[Symbol.asyncDispose]();
    assertEquals(new Set(dialled.map((endpoint) => endpoint.split(":")[0])), new Set(["203.0.113.66"]));
  }
});

Deno.test("KnockAnswerer dials who knocks over a connection where the connection comes from, and nobody else", async () => {
  const { answerer: knocks, dialled } = answerer({
    ...HOME,
    interfaces: [...HOME.interfaces, { address: "2001:db8:1::2", prefix: 64 }],
  });
  const named = [at("203.0.113.9"), at("203.0.113.10"), at("2001:db8:2::9"), at("2001:db8:3::9")];
  knocks.answer({ via: "control", from: "203.0.113.9", candidates: named });
  assertEquals(dialled, ["203.0.113.9:6000"]);
  knocks.answer({ via: "control", from: "2001:db8:2::1", candidates: named }); // another address of the same network
  assertEquals(dialled, ["203.0.113.9:6000", "2001:db8:2::9:6000"]);
  await knocks[Symbol.asyncDispose]();
});

Deno.test("KnockAnswerer soon gives up a third party that a knock names, and refuses", async () => {
  const interfaces = [...HOME.interfaces, { address: "2001:db8:1::2", prefix: 64 }];
  const often = Promise.withResolvers<void>();
  let refusals = 0;
  const refuse = (hostname: string) => {
    if (!hostname.includes(":")) return undefined;
    // As slowly as across the internet, where a refusal is answered at once.
    return new Promise<never>((_, reject) =>
      setTimeout(() => {
        reject(new Deno.errors.ConnectionRefused("no"));
        if (++refusals === 17) setTimeout(often.resolve, 20);
      }, 10)
    );
  };
  const { answerer: knocks, dialled } = answerer({ ...HOME, interfaces }, natOf("preserving"), refuse);
  knocks.answer({ via: "announce", candidates: [at("203.0.113.66")] });
  knocks.answer({ via: "sealed", candidates: [at("203.0.113.66", 6001), at("2001:db8:2::9")] });
  await often.promise;
  assertEquals(dialled.filter((endpoint) => endpoint.startsWith("2001:")).length, 17);
  await knocks[Symbol.asyncDispose]();
});

Deno.test("KnockAnswerer guesses many ports of an address that is verified, before or after the knock", async () => {
  const knock = { via: "sealed", candidates: [at("203.0.113.9")], nat: natOf("random") } as const;
  const announce = { via: "announce", candidates: [at("203.0.113.9")] } as const;
  for (const order of [[knock, announce], [announce, knock]]) {
    const { answerer: knocks, dialled, events } = answerer();
    for (const one of order) knocks.answer(one);
    assertEquals(events.filter((e) => e.type === "strategy").map((e) => e.strategy), ["birthday"]);
    await knocks[Symbol.asyncDispose]();
    assert(new Set(dialled).size > 300 && dialled.every((endpoint) => endpoint.startsWith("203.0.113.9:")));
  }
});

Deno.test("KnockAnswerer says that there is no direct path between two random NATs, and dials no more than usual", async () => {
  const { answerer: knocks, dialled, events } = answerer(HOME, natOf("random", { filtering: "port" }));
  knocks.answer({ via: "announce", candidates: [at("203.0.113.9")] });
  const before = dialled.length;
  knocks.answer({ via: "sealed", candidates: [at("203.0.113.9", 6001)], nat: natOf("random") });
  await knocks[Symbol.asyncDispose]();
  assertEquals(events.findLast((e) => e.type === "strategy")?.strategy, "none");
  assertEquals(dialled.length, before + 1);
});
