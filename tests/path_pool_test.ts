import { assertEquals } from "@std/assert";
import type { ByteStream } from "../lib/byte_stream.ts";
import { PathPool, type PathPoolOptions } from "../lib/_path_pool.ts";
import { tcpPair } from "./_streams.ts";

const NEVER = new AbortController().signal;

/** A pool of paths on loopback, and the other ends of what it has opened. */
function setUp(more: Partial<PathPoolOptions> = {}) {
  const others: ByteStream[] = [];
  const opened: PromiseWithResolvers<void>[] = [];
  const pool = new PathPool({
    open: async () => {
      const [near, far] = await tcpPair();
      others.push(far);
      opened.shift()?.resolve();
      return near;
    },
    keep: () => Promise.resolve(),
    isCheap: () => false,
    ...more,
  });
  return {
    pool,
    others,
    /** Resolves at the next opening that somebody waits for. */
    next: () => {
      opened.push(Promise.withResolvers());
      return opened.at(-1)!.promise;
    },
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      for (const stream of others) stream.close();
    },
  };
}

Deno.test("PathPool.take() gives the path that waits, and opens one where none does", async () => {
  await using set = setUp();
  const [near, far] = await tcpPair();
  set.others.push(far);
  set.pool.put(near);
  const first = await set.pool.take(NEVER);
  assertEquals(first.localAddr.port, near.localAddr.port);
  const second = await set.pool.take(NEVER);
  assertEquals([set.others.length, set.pool.traffic.openPaths], [2, 2]);
  first.close();
  second.close();
  assertEquals(set.pool.traffic.openPaths, 0);
});

Deno.test("PathPool makes the next path ready where that is cheap", async () => {
  await using set = setUp({ isCheap: () => true });
  const ready = set.next();
  const path = await set.pool.take(NEVER);
  await ready; // the first, for us
  const further = set.next();
  await further; // the one that nobody has asked for
  path.close();
});

Deno.test("PathPool gives out what comes sooner: the path that it was making ready, or one of the taker's own", async () => {
  const openings: PromiseWithResolvers<ByteStream>[] = [];
  const open = () => {
    openings.push(Promise.withResolvers());
    return openings.at(-1)!.promise;
  };
  const [[near, a], [other, b]] = await Promise.all([tcpPair(), tcpPair()]);
  for (const nth of [0, 1]) {
    await using set = setUp({ open, isCheap: () => true });
    openings.length = 0;
    set.pool.refill();
    const taking = set.pool.take(NEVER);
    openings[nth]!.resolve(near);
    const path = await taking;
    assertEquals(path.localAddr.port, near.localAddr.port);
    openings[1 - nth]!.resolve(other);
    const next = await set.pool.take(NEVER);
    assertEquals([next.localAddr.port, openings.length], [other.localAddr.port, 3]);
    openings[2]!.reject(new Error("enough"));
  }
  for (const stream of [near, a, other, b]) stream.close();
});

Deno.test("PathPool counts what goes over its paths, and closes those that were silent", async () => {
  await using set = setUp();
  const quiet = await set.pool.take(NEVER);
  const moment = performance.now();
  const busy = await set.pool.take(NEVER);
  await busy.write(new Uint8Array(3));
  await set.others[1]!.write(new Uint8Array(5));
  await busy.read(new Uint8Array(9));
  assertEquals(set.pool.traffic, { sentBytes: 3, receivedBytes: 5, openPaths: 2 });
  set.pool.closeSilentSince(moment);
  assertEquals(set.pool.traffic.openPaths, 1);
  assertEquals(await set.others[0]!.read(new Uint8Array(1)).catch(() => null), null);
  busy.close();
  quiet.close();
});

Deno.test("PathPool.closeSilentSince() closes what was heard a little later, too, if it is silent since", async () => {
  await using set = setUp();
  const moment = performance.now();
  const path = await set.pool.take(NEVER);
  await set.others[0]!.write(new Uint8Array(5));
  await path.read(new Uint8Array(9));
  set.pool.closeSilentSince(moment, performance.now() + 1000);
  assertEquals(set.pool.traffic.openPaths, 1);
  set.pool.closeSilentSince(moment, performance.now() + 3000);
  assertEquals(set.pool.traffic.openPaths, 0);
});

Deno.test("PathPool resets a path that can be reset, and then counts it no more", async () => {
  let resets = 0;
  await using set = setUp();
  const [near, far] = await tcpPair();
  set.others.push(far);
  set.pool.put(Object.assign(near, { reset: () => void (resets++, near.close()) }));
  const [resettable, plain] = [await set.pool.take(NEVER), await set.pool.take(NEVER)];
  assertEquals(plain.reset, undefined);
  resettable.reset!();
  assertEquals([resets, set.pool.traffic.openPaths], [1, 1]);
  plain.close();
});

Deno.test("PathPool opens another path when the one that waited was silent too long", async () => {
  await using set = setUp();
  const [near, far] = await tcpPair();
  set.others.push(far);
  set.pool.put(near);
  set.pool.closeSilentSince(performance.now());
  const path = await set.pool.take(NEVER);
  assertEquals(path.localAddr.port === near.localAddr.port, false);
  path.close();
});

Deno.test("PathPool.take() rejects like the opening, and nothing stays open", async () => {
  await using set = setUp({ open: () => Promise.reject(new Error("no way")) });
  assertEquals(await set.pool.take(NEVER).catch((error) => error.message), "no way");
  assertEquals(set.pool.traffic.openPaths, 0);
});

/** Openings that end when a test says so. */
function heldOpenings() {
  const held: PromiseWithResolvers<ByteStream>[] = [];
  return {
    held,
    open: () => {
      held.push(Promise.withResolvers());
      return held.at(-1)!.promise;
    },
  };
}

Deno.test("PathPool opens four paths at a time, first come, first served, and sixty-four where that is cheap", async () => {
  const { held, open } = heldOpenings();
  let cheap = false;
  const pool = new PathPool({ open, keep: () => Promise.resolve(), isCheap: () => cheap });
  const taken = Array.from({ length: 200 }, () => pool.take(NEVER).catch(() => {}));
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  await turn();
  assertEquals(held.length, 4);
  held[0]!.reject(new Error("no path"));
  await taken[0];
  await turn();
  assertEquals(held.length, 5);
  cheap = true;
  pool.refill(); // there is a channel now
  await turn();
  assertEquals(held.length, 4 + 64 - 3 + 1); // 64 at a time, one that has failed, one that is made ready
  for (let i = 0; i < held.length; i++) {
    held[i]!.reject(new Error("no path"));
    await turn();
  }
  await Promise.all(taken);
  await pool[Symbol.asyncDispose]();
});

Deno.test("PathPool.take() gives up with the reason of its signal while it waits for its turn", async () => {
  const { held, open } = heldOpenings();
  const pool = new PathPool({ open, keep: () => Promise.resolve(), isCheap: () => false });
  const taken = Array.from({ length: 4 }, () => pool.take(NEVER).catch(() => {}));
  const over = new AbortController();
  const waiting = pool.take(over.signal).catch((reason) => reason);
  over.abort("enough");
  assertEquals(await waiting, "enough");
  for (const { reject } of held) reject(new Error("no path"));
  await Promise.all(taken);
  assertEquals(held.length, 4);
  await pool[Symbol.asyncDispose]();
});
