import { assertEquals, assertRejects } from "@std/assert";
import { firstAnswer } from "../../lib/tunnel/_first_answer.ts";
import { connPair } from "../_streams.ts";

const HEAD = Uint8Array.of(1, 2, 3);
const NEVER = new AbortController().signal;

Deno.test("firstAnswer() sends what is to be answered, and gives what comes back", async () => {
  const [near, far] = await connPair();
  const answer = firstAnswer(near, { head: HEAD, patienceMs: 60_000, signal: NEVER });
  const buffer = new Uint8Array(3);
  await far.read(buffer);
  await far.write(Uint8Array.of(4));
  assertEquals([buffer, await answer], [HEAD, Uint8Array.of(4)]);
  near.close();
  far.close();
});

Deno.test("firstAnswer() is empty where the other side ends it, and null where it says nothing", async () => {
  const [near, far] = await connPair();
  far.close();
  const ended = firstAnswer(near, { head: new Uint8Array(), patienceMs: 60_000, signal: NEVER });
  assertEquals((await ended)?.length, 0);
  near.close();
  const [silent, deaf] = await connPair();
  assertEquals(await firstAnswer(silent, { head: HEAD, patienceMs: 1, signal: NEVER }), null);
  deaf.close();
});

Deno.test("firstAnswer() rejects when it is aborted, before and while it waits", async () => {
  for (const abortFirst of [true, false]) {
    const [near, far] = await connPair();
    const over = new AbortController();
    if (abortFirst) over.abort();
    const answer = firstAnswer(near, { head: HEAD, patienceMs: 60_000, signal: over.signal });
    over.abort();
    await assertRejects(() => answer);
    far.close();
  }
});
