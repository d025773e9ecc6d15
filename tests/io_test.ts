import { assertEquals, assertRejects } from "@std/assert";
import { free, readExactly, takeFrom, writeAll } from "../lib/io.ts";
import { readAll, tcpPair } from "./_streams.ts";

Deno.test("readExactly() leaves what follows to the next reader", async () => {
  const [here, there] = await tcpPair();
  await writeAll(here, Uint8Array.of(1, 2, 3, 4, 5));
  assertEquals(await readExactly(there, 2), Uint8Array.of(1, 2));
  assertEquals(await readExactly(there, 0), new Uint8Array());
  await here.closeWrite();
  assertEquals(await readAll(there), Uint8Array.of(3, 4, 5));
  here.close();
  there.close();
});

Deno.test("readExactly() says that the stream has ended in the middle", async () => {
  const [here, there] = await tcpPair();
  await writeAll(here, Uint8Array.of(1));
  await here.closeWrite();
  await assertRejects(() => readExactly(there, 2), Deno.errors.UnexpectedEof);
  here.close();
  there.close();
});

Deno.test("writeAll() goes on where a write took a part only", async () => {
  const taken: number[] = [];
  const [here, there] = await tcpPair();
  const slow = Object.assign(here, {
    write(data: Uint8Array) {
      taken.push(...data.subarray(0, 2));
      return Promise.resolve(Math.min(2, data.length));
    },
  });
  await writeAll(slow, Uint8Array.of(1, 2, 3, 4, 5));
  assertEquals(taken, [1, 2, 3, 4, 5]);
  here.close();
  there.close();
});

Deno.test("takeFrom() takes as much as fits, across chunks and within one", () => {
  const chunks = [Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3, 4, 5)];
  const buffer = new Uint8Array(3);
  assertEquals([takeFrom(chunks, buffer), ...buffer], [3, 1, 2, 3]);
  assertEquals([takeFrom(chunks, buffer), ...buffer], [2, 4, 5, 3]);
  assertEquals([takeFrom(chunks, buffer), chunks.length], [0, 0]);
});

Deno.test("takeFrom() frees the memory of a large chunk, but not before all of it was taken", () => {
  const [large, small] = [new Uint8Array(100_000).fill(1), new Uint8Array(100).fill(2)];
  const chunks = [large, small];
  const buffer = new Uint8Array(60_000);
  assertEquals([takeFrom(chunks, buffer), large.buffer.byteLength], [60_000, 100_000]);
  assertEquals([takeFrom(chunks, buffer), large.buffer.byteLength], [40_100, 0]);
  assertEquals([buffer[39_999], buffer[40_000], small.buffer.byteLength], [1, 2, 100]);
});

Deno.test("free() leaves alone what is small, and what other threads may use", () => {
  for (const buffer of [new ArrayBuffer(1000), new SharedArrayBuffer(100_000)]) {
    const { byteLength } = buffer;
    free(buffer);
    assertEquals(buffer.byteLength, byteLength);
  }
});
