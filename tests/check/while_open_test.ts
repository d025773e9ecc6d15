import { assertEquals, assertRejects } from "@std/assert";
import { Watch, whileOpen } from "../../lib/check/_while_open.ts";
import { readExactly } from "../../lib/punch/mod.ts";
import { readAll, tcpPair } from "../_streams.ts";

Deno.test("whileOpen() leaves the stream open when the work is done", async () => {
  const [here, there] = await tcpPair();
  assertEquals(await whileOpen(here, 1000, undefined, () => Promise.resolve(7)), 7);
  await here.write(Uint8Array.of(1));
  assertEquals(await readExactly(there, 1), Uint8Array.of(1));
  here.close();
  there.close();
});

Deno.test("whileOpen() closes the stream when the work fails, takes too long, or is aborted", async () => {
  const endings: [string, number, AbortSignal | undefined, (s: Promise<unknown>) => Promise<unknown>][] = [
    ["broken", 60_000, undefined, () => Promise.reject(new Error("broken"))],
    ["No answer within 10 ms", 10, undefined, (reading) => reading],
    ["enough", 60_000, AbortSignal.abort(new Error("enough")), (reading) => reading],
  ];
  for (const [message, timeoutMs, signal, work] of endings) {
    const [here, there] = await tcpPair();
    const working = whileOpen(here, timeoutMs, signal, () => {
      const reading = readExactly(here, 1);
      reading.catch(() => {});
      return work(reading);
    });
    await assertRejects(() => working, Error, message);
    assertEquals(await readAll(there), new Uint8Array());
    there.close();
  }
});

Deno.test("Watch closes a stream so long after something has happened on it last, and not before", async () => {
  const [here, there] = await tcpPair();
  const watch = new Watch(here, 20, undefined);
  const start = performance.now();
  while (performance.now() - start < 5); // no timer can come in between
  watch.renew();
  const renewed = performance.now();
  assertEquals(await readAll(there), new Uint8Array());
  assertEquals(performance.now() - renewed >= 20, true);
  assertEquals((watch.reason as Error).name, "TimeoutError");
  watch.end();
  there.close();
});

Deno.test("Watch that was ended closes nothing, also after it was renewed", async () => {
  const [here, there] = await tcpPair();
  const watch = new Watch(here, 1, AbortSignal.timeout(2));
  watch.renew();
  watch.end();
  const later = new Watch(there, 5, undefined); // whose time is up after that of the first
  assertEquals(await readAll(here), new Uint8Array());
  assertEquals([watch.reason, later.reason instanceof DOMException], [undefined, true]);
  later.end();
  here.close();
});
