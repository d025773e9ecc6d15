import { assertEquals, assertRejects } from "@std/assert";
import { SpeedTest } from "../../lib/tunnel/_speed.ts";

const URL_ = "https://id.skip.alt/.well-known/skip/speed";
const get = (bytes: unknown) => new Request(`${URL_}?bytes=${bytes}`);

Deno.test("SpeedTest gives as many bytes as asked for, and takes what comes", async () => {
  const speed = new SpeedTest();
  for (const bytes of [1, 65_536, 200_001]) {
    const response = await speed.answer(get(bytes));
    assertEquals((await response.bytes()).length, bytes);
  }
  const post = await speed.answer(new Request(URL_, { method: "POST", body: new Uint8Array(300_000) }));
  assertEquals(post.status, 204);
});

Deno.test("SpeedTest refuses what it cannot measure", async () => {
  const speed = new SpeedTest();
  for (const bytes of ["", "0", "-1", "1.5", "x", 2 ** 50]) {
    assertEquals((await speed.answer(get(bytes))).status, 400);
  }
  assertEquals((await speed.answer(new Request(URL_, { method: "PUT", body: "x" }))).status, 405);
});

Deno.test("SpeedTest measures for four at once, and again when one has left", async () => {
  const speed = new SpeedTest();
  const under = await Promise.all(Array.from({ length: 4 }, () => speed.answer(get(1_000_000))));
  assertEquals((await speed.answer(get(1))).status, 503);
  await under[0]!.body!.cancel();
  assertEquals((await (await speed.answer(get(1))).bytes()).length, 1);
  for (const response of under.slice(1)) await response.body!.cancel();
});

Deno.test("SpeedTest makes no error of a measurement that breaks off", async () => {
  const speed = new SpeedTest();
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
  assertEquals((await speed.answer(new Request(URL_, { method: "POST", body: broken }))).status, 400);
});

Deno.test("SpeedTest has time again when whoever measures stops in the middle", async () => {
  const speed = new SpeedTest({ maxMs: 20 });
  const gone = await Promise.all(Array.from({ length: 3 }, () => speed.answer(get(1_000_000))));
  const stalled = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(10)) });
  const post = await speed.answer(new Request(URL_, { method: "POST", body: stalled }));
  assertEquals(post.status, 408);
  for (const response of gone) await assertRejects(() => response.bytes(), DOMException);
  assertEquals((await (await speed.answer(get(1))).bytes()).length, 1);
});
