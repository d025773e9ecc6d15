import { assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { type Endpoint, formatEndpoint } from "../../lib/endpoint.ts";
import { distance } from "../../lib/discovery/contacts.ts";
import type { Contact, Reply, WalkOptions } from "../../lib/discovery/types.ts";
import { STALL_MS, Walk } from "../../lib/discovery/walk.ts";
import { SimulatedClock } from "../simulation.ts";

const TARGET = new Uint8Array(20);
const RTT = 50;

function contact(n: number): Contact {
  const id = new Uint8Array(20);
  id.set([n >> 8, n & 255]);
  return { id, hostname: `11.0.${n >> 8}.${n & 255}`, port: 6881 };
}

const place = ({ hostname, port }: Contact): Endpoint => ({ hostname, port });

interface Behaviour {
  /** Of the network: whom a node knows. */
  knows: (n: number) => readonly number[];
  /** Milliseconds to the answer; `Infinity` for never. */
  rtt?: (n: number) => number;
  options?: WalkOptions;
  expectsMore?: () => boolean;
}

/** A walk in a network of numbered nodes: node n is at distance n. */
function setUp({ knows, rtt = () => RTT, options = {}, expectsMore = () => false }: Behaviour) {
  const clock = new SimulatedClock();
  const asked: { n: number; at: number }[] = [];
  const flight = { now: 0, most: 0 };
  const ask = (to: Endpoint): Promise<Reply> => {
    const [, , high, low] = to.hostname.split(".").map(Number);
    const n = high! * 256 + low!;
    asked.push({ n, at: clock.now() });
    flight.most = Math.max(flight.most, ++flight.now);
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const nodes = knows(n).map(contact);
    if (rtt(n) <= 2_000) {
      clock.schedule(rtt(n), () => {
        flight.now--;
        resolve({ from: contact(n), nodes, values: [], rttMs: rtt(n) });
      });
    } else {
      clock.schedule(2_000, () => reject(new DOMException("", "TimeoutError")));
      clock.schedule(STALL_MS, () => flight.now--);
    }
    return promise;
  };
  const start = (...places: (Endpoint | Contact)[]) =>
    new Walk(TARGET, places, { clock, ask, expectsMore, isSelf: (one) => one.port === 1 }, options);
  return { clock, asked, flight, start };
}

const numbers = (replies: readonly Reply[]) => replies.map(({ from }) => from.id[0]! << 8 | from.id[1]!);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const EVERYONE = range(1, 100);

Deno.test("Walk.run() finds the 8 closest, closest first", async () => {
  // Each node knows those within 20 steps of it.
  const { clock, start } = setUp({ knows: (n) => EVERYONE.filter((m) => Math.abs(m - n) <= 20) });
  const replies = await clock.run(start(place(contact(100))).run());
  assertEquals(numbers(replies), range(1, 8));
  assertEquals(
    replies.map(({ from }) => distance(from.id, TARGET)).toSorted(),
    replies.map(({ from }) => distance(from.id, TARGET)),
  );
});

Deno.test("Walk.run() takes two round trips when the first node knows the closest ones", async () => {
  const { clock, asked, start } = setUp({ knows: () => range(1, 8) });
  await clock.run(start(place(contact(100))).run());
  assertEquals([clock.now(), asked.length], [2 * RTT, 9]);
});

Deno.test("Walk.run() gives nothing at once when there is nowhere to begin", async () => {
  const { clock, start } = setUp({ knows: () => [] });
  assertEquals(await clock.run(start().run()), []);
  assertEquals(clock.now(), 0);
});

Deno.test("Walk.run() gives nothing when nobody answers", async () => {
  const { clock, start } = setUp({ knows: () => [], rtt: () => Infinity });
  assertEquals(await clock.run(start(...range(1, 30).map(contact)).run()), []);
});

Deno.test("Walk.run() never has more than 8 questions under way that may still be answered in time", async () => {
  const { clock, flight, start } = setUp({ knows: (n) => range(1, n) });
  await clock.run(start(...range(50, 80).map(contact)).run());
  assertEquals(flight.most, 8);
});

Deno.test("Walk.run() waits no more than the stall time for dead nodes", async () => {
  // The 8 closest are dead; 9 to 16 must be found behind them.
  const { clock, start } = setUp({ knows: () => range(1, 16), rtt: (n) => n <= 8 ? Infinity : RTT });
  assertEquals(numbers(await clock.run(start(place(contact(100))).run())), range(9, 16));
  assertEquals(clock.now() <= RTT + STALL_MS + RTT, true);
});

Deno.test("Walk.run() gives dead nodes' slots to others before they time out", async () => {
  const { clock, asked, start } = setUp({ knows: () => range(1, 16), rtt: (n) => n % 2 ? Infinity : RTT });
  const found = await clock.run(start(place(contact(100))).run());
  assertEquals(numbers(found), [2, 4, 6, 8, 10, 12, 14, 16]);
  // The last of eight dead nodes is asked before the first of them has timed out.
  assertEquals(asked.find(({ n }) => n === 15)!.at < STALL_MS + 200, true);
  assertEquals(clock.now() < 2 * STALL_MS + 200, true);
});

Deno.test("Walk.run() counts an answer that comes after the stall time", async () => {
  const { clock, start } = setUp({
    knows: () => range(1, 9),
    rtt: (n) => n === 1 ? STALL_MS + 100 : n === 9 ? STALL_MS + 200 : RTT,
  });
  const found = await clock.run(start(place(contact(100))).run());
  assertEquals(numbers(found).slice(0, 2), [1, 2]);
});

Deno.test("Walk.run() waits for slow nodes where all are slow", async () => {
  const { clock, start } = setUp({ knows: () => range(1, 8), rtt: () => 1_500 });
  assertEquals(numbers(await clock.run(start(place(contact(100))).run())), range(1, 8));
  assertEquals(clock.now(), 3_000);
});

Deno.test("Walk.run() does not wait out a dead node in a small network of fast ones", async () => {
  const { clock, start } = setUp({ knows: () => [1, 2, 3], rtt: (n) => n === 2 ? Infinity : RTT });
  assertEquals(numbers(await clock.run(start(place(contact(3))).run())), [1, 3]);
  assertEquals(clock.now(), RTT + STALL_MS);
});

Deno.test("Walk.run() calls onReply with each answer as it comes, and ends when it says so", async () => {
  const seen: number[] = [];
  const onReply = (reply: Reply) => {
    seen.push(...numbers([reply]));
    return seen.length === 3;
  };
  const { clock, start } = setUp({ knows: () => range(1, 8), rtt: (n) => n, options: { onReply } });
  const replies = await clock.run(start(place(contact(100))).run());
  assertEquals([seen, numbers(replies)], [[100, 1, 2], [1, 2, 100]]);
});

Deno.test("Walk.run() rejects with what onReply throws", async () => {
  const error = new Error("in onReply");
  const options = {
    onReply() {
      throw error;
    },
  };
  const { clock, start } = setUp({ knows: () => [], options });
  assertEquals(await assertRejects(() => clock.run(start(contact(1)).run())), error);
});

Deno.test("Walk.run() rejects with the signal's reason, before and during the walk", async () => {
  const aborter = new AbortController();
  const { clock, asked, start } = setUp({ knows: () => range(1, 8), options: { signal: aborter.signal } });
  const reason = new Error("enough");
  clock.schedule(RTT + 1, () => aborter.abort(reason));
  assertEquals(await assertRejects(() => clock.run(start(contact(100)).run())), reason);
  const before = asked.length;
  assertEquals(await assertRejects(() => clock.run(start(contact(100)).run())), reason);
  assertEquals(asked.length, before);
});

Deno.test("Walk.offer() adds places while the walk waits for them", async () => {
  let more = true;
  const { clock, start } = setUp({ knows: () => [1, 2], expectsMore: () => more });
  const walk = start();
  clock.schedule(500, () => walk.offer([place(contact(2))]));
  clock.schedule(700, () => {
    more = false;
    walk.step();
  });
  assertEquals(numbers(await clock.run(walk.run())), [1, 2]);
  assertEquals(clock.now(), 700);
});

Deno.test("Walk.run() asks places of unknown id in half of its slots, and known nodes in the others", async () => {
  const { clock, asked, start } = setUp({ knows: () => [], rtt: (n) => n > 50 ? Infinity : RTT });
  await clock.run(start(...range(51, 70).map((n) => place(contact(n))), ...range(1, 8).map(contact)).run());
  assertEquals(asked.filter(({ at }) => at === 0).map(({ n }) => n > 50).toSorted(), [
    false,
    false,
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
});

Deno.test("Walk.run() asks nobody twice, and never ourselves", async () => {
  const { clock, asked, start } = setUp({ knows: () => range(1, 30) });
  const self = { ...contact(0), port: 1 };
  await clock.run(start(place(contact(5)), contact(5), self, contact(30)).run());
  const keys = asked.map(({ n }) => formatEndpoint(contact(n)));
  assertEquals([new Set(keys).size, asked.some(({ n }) => n === 0)], [keys.length, false]);
});

Deno.test("Walk.beside() is anywhere until enough is known, then among the nodes that the walk is about", async () => {
  const { clock, start } = setUp({ knows: (n) => range(1, n) });
  const walk = start(contact(100));
  const many = () => Array.from({ length: 50 }, () => distance(walk.beside(), TARGET)).sort();
  assertGreater(many().at(-1)!, "80");
  await clock.run(walk.run());
  assertLess(many().at(-1)!, distance(contact(9).id, TARGET));
});

Deno.test("Walk.run() ends even if every node makes up closer ones", async () => {
  const { clock, asked, start } = setUp({
    knows: (n) => [n - 1, n - 2, n - 3].filter((m) => m > 0),
    rtt: () => RTT,
  });
  await clock.run(start(contact(5_000)).run());
  assertEquals(asked.length, 150);
});

Deno.test("Walk.run() tells once when only nodes are waited for that take longer than the others", async () => {
  const settled: number[] = [];
  const { clock, start } = setUp({
    knows: () => range(1, 12),
    rtt: (n) => n === 3 ? 550 : RTT,
    options: { onSettled: () => void settled.push(clock.now()) },
  });
  await clock.run(start(place(contact(100))).run());
  assertEquals(settled.length, 1);
  assertEquals([settled[0]! < 400, clock.now()], [true, RTT + 550]);
});

Deno.test("Walk.run() is not held up by nodes that do not exist, however close", async () => {
  // Every second node names eight that are dead, and eight others.
  const made = (n: number) => range(1_000 + 8 * n, 1_007 + 8 * n);
  const dead = (n: number) => n >= 1_000;
  const { clock, asked, start } = setUp({
    knows: (n) => dead(n) ? [] : n % 2 ? [...made(n), ...range(2_900, 2_907)] : range(900, 920),
    rtt: (n) => dead(n) && n < 2_900 ? Infinity : RTT,
  });
  await clock.run(start(...range(900, 915).map(contact)).run());
  assertEquals([clock.now() < 2_500, asked.length < 100], [true, true]);
});
