import { assertEquals, assertRejects } from "@std/assert";
import { splice } from "../../lib/tunnel/mod.ts";
import { connPair, readAll } from "../_streams.ts";
import { fakeStream } from "./fake_stream.ts";

/** A program on either side of a splice: `left` and `right` are what they hold, `done` is the splice. */
async function spliced(options?: Parameters<typeof splice>[2]) {
  const [[left, a], [b, right]] = await Promise.all([connPair(), connPair()]);
  return { left, right, a, b, done: splice(a, b, options) };
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("splice() carries bytes both ways and counts them", async () => {
  const { left, right, done } = await spliced();
  await left.write(bytes("question"));
  await left.closeWrite();
  assertEquals(text(await readAll(right)), "question");
  await right.write(bytes("an answer"));
  right.close();
  assertEquals(text(await readAll(left)), "an answer");
  left.close();
  assertEquals(await done, { forth: 8, back: 9 });
});

Deno.test("splice() passes half-close on, and the other direction goes on", async () => {
  const { left, right, done } = await spliced();
  await left.closeWrite();
  assertEquals(await right.read(new Uint8Array(1)), null);
  await right.write(bytes("still here"));
  await right.closeWrite();
  assertEquals(text(await readAll(left)), "still here");
  assertEquals(await done, { forth: 0, back: 10 });
  left.close();
  right.close();
});

Deno.test("splice() sends the head before anything else", async () => {
  const { left, right, done } = await spliced({ head: bytes("what came ") });
  await left.write(bytes("earlier"));
  await left.closeWrite();
  assertEquals(text(await readAll(right)), "what came earlier");
  right.close();
  left.close();
  assertEquals((await done).forth, 17);
});

Deno.test("splice() takes no more than the reader does", async () => {
  let asked = 0;
  let accepted = 0;
  const wanted = Promise.withResolvers<void>();
  const more = Promise.withResolvers<void>();
  const source = fakeStream({
    read: (buffer) => (asked += buffer.length, Promise.resolve(buffer.length)),
    write: () => Promise.reject(new Error("nothing comes back")),
  });
  const sink = fakeStream({
    read: () => new Promise(() => {}),
    write: async (data) => {
      if (accepted >= 1_000_000) {
        wanted.resolve();
        await more.promise; // a reader that has stopped
      }
      accepted += data.length;
      return data.length;
    },
  });
  const aborting = new AbortController();
  const done = splice(source, sink, { signal: aborting.signal });
  await wanted.promise;
  for (let i = 0; i < 100; i++) await Promise.resolve();
  assertEquals(asked - accepted <= 256 * 1024, true, `asked ${asked}, accepted ${accepted}`);
  aborting.abort(new Error("enough"));
  more.resolve();
  await assertRejects(() => done, Error, "enough");
});

Deno.test("splice() passes on what came before an error, also where that was read ahead", async () => {
  const written: string[] = [];
  let reads = 0;
  const source = fakeStream({
    read: (buffer) => {
      buffer.set(bytes("abc"));
      return reads++ === 0 ? Promise.resolve(3) : Promise.reject(new Deno.errors.ConnectionReset("gone"));
    },
    write: (data) => Promise.resolve(data.length),
  });
  const sink = fakeStream({
    read: () => new Promise(() => {}),
    write: (data) => (written.push(text(data)), Promise.resolve(data.length)),
  });
  const { error } = await splice(source, sink);
  assertEquals([written, error?.message], [["abc"], "gone"]);
});

Deno.test("splice() goes on where a write takes only a part", async () => {
  const [left, a] = await connPair();
  const taken: number[] = [];
  const b = fakeStream({
    read: () => Promise.resolve(null),
    write: (data) => {
      const part = data.subarray(0, 3);
      taken.push(...part);
      return Promise.resolve(part.length);
    },
  });
  const done = splice(a, b);
  await left.write(bytes("eight by"));
  await left.closeWrite();
  assertEquals((await done).forth, 8);
  assertEquals(text(Uint8Array.from(taken)), "eight by");
  left.close();
});

Deno.test("splice() closes both sides when one breaks, and says why", async () => {
  const [right, b] = await connPair();
  const broken = fakeStream({
    read: () => Promise.reject(new Deno.errors.ConnectionReset("gone")),
    write: (data) => Promise.resolve(data.length),
  });
  const { error } = await splice(broken, b);
  assertEquals(error instanceof Deno.errors.ConnectionReset, true);
  assertEquals(broken.closed, true);
  assertEquals(await right.read(new Uint8Array(1)).catch(() => null), null);
  right.close();
});

Deno.test("splice() closes both and rejects with the reason when aborted", async () => {
  const aborting = new AbortController();
  const { left, right, done } = await spliced({ signal: aborting.signal });
  aborting.abort(new Error("enough"));
  await assertRejects(() => done, Error, "enough");
  assertEquals(await left.read(new Uint8Array(1)).catch(() => null), null);
  assertEquals(await right.read(new Uint8Array(1)).catch(() => null), null);
  left.close();
  right.close();
});

Deno.test("splice() closes both when it is aborted before it begins", async () => {
  const { left, right, done } = await spliced({ signal: AbortSignal.abort(new Error("too late")) });
  await assertRejects(() => done, Error, "too late");
  assertEquals(await left.read(new Uint8Array(1)).catch(() => null), null);
  left.close();
  right.close();
});

Deno.test("splice() does not wait for ever for a side that ended silently", async () => {
  const { left, right, done } = await spliced({ halfClosedIdleMs: 20 });
  await left.closeWrite();
  assertEquals((await done).error?.name, "TimeoutError");
  left.close();
  right.close();
});

Deno.test("splice() leaves each byte as it was over several megabytes", async () => {
  const { left, right, done } = await spliced();
  const data = new Uint8Array(3_000_000);
  for (let i = 0; i < data.length; i++) data[i] = i * 31 >> 3;
  const sending = (async () => {
    for (let at = 0; at < data.length;) at += await left.write(data.subarray(at));
    await left.closeWrite();
  })();
  const hash = async (bytes: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  const received = new Uint8Array(data.length);
  let at = 0;
  for (let n = await right.read(received); n !== null; n = await right.read(received.subarray(at))) {
    at += n;
    if (at === received.length) break;
  }
  await sending;
  right.close();
  left.close();
  assertEquals((await done).forth, data.length);
  assertEquals(await hash(received), await hash(data));
});

Deno.test("splice() resets what can be reset when something is missing, and closes it when nothing is", async () => {
  for (const read of [() => Promise.reject(new Error("broke")), () => Promise.resolve(null)]) {
    const log: string[] = [];
    const stream = {
      ...fakeStream({ read: () => Promise.resolve(null), write: (data) => Promise.resolve(data.length) }),
      reset: () => void log.push("reset"),
      close: () => void log.push("close"),
    };
    const { error } = await splice(
      fakeStream({ read, write: (data) => Promise.resolve(data.length) }),
      stream,
    );
    assertEquals(log[0], error ? "reset" : "close");
  }
});
