import { assertEquals } from "@std/assert";
import { FollowUps } from "../../lib/discovery/_follow_ups.ts";
import { pause } from "../../lib/discovery/clock.ts";
import type { Contact, Reply } from "../../lib/discovery/types.ts";
import { SimulatedClock } from "../simulation.ts";

const FROM = contact(1);
const NAMED = [contact(2), contact(3)];

function contact(n: number): Contact {
  return { id: new Uint8Array(20).fill(n), hostname: `11.0.0.${n}`, port: 6881 };
}

/** Questions, and the ids of what came of them. */
function setUp() {
  const clock = new SimulatedClock();
  const heard: string[] = [];
  const followUps = new FollowUps(clock, (nodes, from) => {
    heard.push(`${clock.now()} ms: ${nodes.map(({ id }) => id[0])} by ${from?.hostname}`);
  });
  const answer = async (ms: number): Promise<Reply> => {
    await pause(clock, ms, new AbortController().signal);
    return { from: FROM, nodes: NAMED, values: [], rttMs: ms };
  };
  return { answer, clock, followUps, heard };
}

Deno.test("FollowUps are open until a node has answered, and tell whom it names", async () => {
  const { answer, clock, followUps, heard } = setUp();
  followUps.add(answer(60), 50);
  assertEquals(followUps.areOpen, true);
  await clock.pass(61);
  assertEquals([followUps.areOpen, heard], [false, ["60 ms: 2,3 by 11.0.0.1"]]);
});

Deno.test("FollowUps wait for no answer that takes three times as long as the first, but tell of it", async () => {
  const { answer, clock, followUps, heard } = setUp();
  followUps.add(answer(1_000), 100);
  await clock.pass(299);
  assertEquals(followUps.areOpen, true);
  await clock.pass(2);
  assertEquals([followUps.areOpen, heard], [false, ["300 ms:  by undefined"]]);
  await clock.pass(1_000);
  assertEquals(heard[1], "1000 ms: 2,3 by 11.0.0.1");
});

Deno.test("FollowUps take a node that does not answer for one that names nobody", async () => {
  const { clock, followUps, heard } = setUp();
  followUps.add(Promise.reject(new DOMException("No answer", "TimeoutError")), 50);
  await clock.pass(1);
  assertEquals([followUps.areOpen, heard], [false, ["0 ms:  by undefined"]]);
});

Deno.test("FollowUps that are over tell of nothing, and leave no timer", async () => {
  const { answer, clock, followUps, heard } = setUp();
  followUps.add(answer(50), 50);
  followUps[Symbol.dispose]();
  followUps.add(answer(50), 50);
  followUps.add(Promise.reject(new Error("closed")), 50);
  assertEquals(followUps.areOpen, false);
  await clock.pass(1_000);
  assertEquals(heard, []);
});
