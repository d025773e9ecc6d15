/** How large the pieces are in which a splice reads and writes, and what it keeps while it waits. */
import { assertEquals } from "@std/assert";
import { splice } from "../../lib/tunnel/mod.ts";
import { fakeStream } from "./fake_stream.ts";

Deno.test("splice() takes a large buffer while much comes, and gives it back when little does", async () => {
  const sizes: number[] = [];
  const source = fakeStream({
    read: async (buffer) => {
      sizes.push(buffer.length);
      if (sizes.length <= 20) return buffer.length;
      for (let i = 0; i < 50; i++) await undefined; // nothing is at hand
      return sizes.length < 400 ? Math.min(1000, buffer.length) : null;
    },
    write: (data) => Promise.resolve(data.length),
  });
  const sink = fakeStream({
    read: () => Promise.resolve(null),
    write: (data) => Promise.resolve(data.length),
  });
  await splice(source, sink);
  assertEquals([sizes[0], Math.max(...sizes), sizes.at(-1)! <= 4096], [512, 256 * 1024, true]);
});

Deno.test("splice() waits with a buffer of 512 bytes once what comes is small again, as after a handshake", async () => {
  const sizes: number[] = [];
  const [handshake, waits] = [[512, 271, 184, 188], Promise.withResolvers<number | null>()];
  const source = fakeStream({
    read: async (buffer) => {
      sizes.push(buffer.length);
      for (let i = 0; i < 50; i++) await undefined; // nothing is at hand
      return handshake.shift() ?? await waits.promise;
    },
    write: (data) => Promise.resolve(data.length),
  });
  const asked = Promise.withResolvers<void>();
  let taken = 0;
  const sink = fakeStream({
    read: () => Promise.resolve(null),
    write: (data) => {
      if ((taken += data.length) === 1155) asked.resolve();
      return Promise.resolve(data.length);
    },
  });
  const done = splice(source, sink);
  await asked.promise;
  waits.resolve(null);
  await done;
  assertEquals([sizes[0], Math.max(...sizes)], [512, 4096]);
  assertEquals(sizes.at(-1), 512);
});

/** How six messages of one length, each of which comes alone, are passed on. */
async function passedOn(bytes: number): Promise<number[]> {
  const written: number[] = [];
  let left = 6 * bytes;
  const source = fakeStream({
    read: async (buffer) => {
      for (let i = 0; i < 50; i++) await undefined; // one message after the other
      const length = Math.min(left % bytes || bytes, left, buffer.length);
      left -= length;
      return length || null;
    },
    write: (data) => Promise.resolve(data.length),
  });
  const sink = fakeStream({
    read: () => Promise.resolve(null),
    write: (data) => (written.push(data.length), Promise.resolve(data.length)),
  });
  await splice(source, sink);
  return written;
}

Deno.test("splice() does not cut in two what a small buffer could have held", async () => {
  assertEquals(await passedOn(500), [500, 500, 500, 500, 500, 500]);
});

Deno.test("splice() cuts only the first in two of messages that the first buffer does not hold", async () => {
  assertEquals(await passedOn(600), [512, 88, 600, 600, 600, 600, 600]);
  assertEquals(await passedOn(1020), [512, 508, 1020, 1020, 1020, 1020, 1020]);
});

Deno.test("splice() sends in one piece what is there at once", async () => {
  const chunks = [600, 600, 700, 800];
  const written: number[] = [];
  const source = fakeStream({
    read: (buffer) => Promise.resolve(chunks.length > 0 ? Math.min(chunks.shift()!, buffer.length) : null),
    write: (data) => Promise.resolve(data.length),
  });
  const sink = fakeStream({
    read: () => Promise.resolve(null),
    write: (data) => (written.push(data.length), Promise.resolve(data.length)),
  });
  assertEquals((await splice(source, sink)).forth, 2612);
  assertEquals(written, [512, 2100]);
});
