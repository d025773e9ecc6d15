import { assertEquals } from "@std/assert";
import type { ByteStream } from "../lib/byte_stream.ts";
import { incomingPaths } from "../lib/_incoming_paths.ts";

function streamFrom(hostname: string): ByteStream & { closed: boolean } {
  return {
    localAddr: { hostname: "127.0.0.1", port: 1 },
    remoteAddr: { hostname, port: 2 },
    closed: false,
    read: () => Promise.resolve(null),
    write: () => Promise.resolve(0),
    closeWrite: () => Promise.resolve(),
    close() {
      this.closed = true;
    },
  };
}

Deno.test("incomingPaths() gives the race what comes from the peer's addresses, and few others", async () => {
  const { push, stream } = incomingPaths([{ kind: "host", hostname: "203.0.113.9", port: 5 }]);
  const strangers = Array.from({ length: 9 }, (_, i) => streamFrom(`198.51.100.${i}`));
  const peer = streamFrom("203.0.113.9"), late = streamFrom("203.0.113.9");
  strangers.forEach(push);
  push(peer);
  const reader = stream.getReader();
  for (const expected of [...strangers.slice(0, 8), peer]) {
    assertEquals((await reader.read()).value, expected);
  }
  await reader.cancel();
  push(late);
  assertEquals([peer, ...strangers, late].map((s) => s.closed), [...Array(9).fill(false), true, true]);
});

Deno.test("incomingPaths() closes what no race has taken, once the race is over or there is none", async () => {
  const came = () =>
    [streamFrom("203.0.113.9"), streamFrom("203.0.113.9"), streamFrom("203.0.113.9")] as const;
  const raced = incomingPaths([{ kind: "host", hostname: "203.0.113.9", port: 5 }]);
  const [taken, left, late] = came();
  [taken, left].forEach(raced.push);
  const reader = raced.stream.getReader();
  assertEquals((await reader.read()).value, taken);
  await reader.cancel();
  raced.push(late);
  assertEquals([taken, left, late].map((s) => s.closed), [false, true, true]);

  const unused = came();
  {
    using never = incomingPaths([{ kind: "host", hostname: "203.0.113.9", port: 5 }]);
    unused.slice(0, 2).forEach(never.push);
  }
  assertEquals(unused.map((s) => s.closed), [true, true, false]);
});

Deno.test("incomingPaths() hands on at once what comes while the race waits", async () => {
  using incoming = incomingPaths([{ kind: "host", hostname: "203.0.113.9", port: 5 }]);
  const reader = incoming.stream.getReader();
  const streams = [streamFrom("203.0.113.9"), streamFrom("203.0.113.9")];
  for (const stream of streams) {
    const reading = reader.read();
    incoming.push(stream);
    assertEquals((await reading).value, stream);
  }
});

Deno.test("incomingPaths() closes what comes in masses from the peer's own address", () => {
  const { push } = incomingPaths([{ kind: "host", hostname: "203.0.113.9", port: 5 }]);
  const flood = Array.from({ length: 1100 }, () => streamFrom("203.0.113.9"));
  flood.forEach(push);
  assertEquals(flood.filter((s) => !s.closed).length, 1024);
});
