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

Deno.test("incomingPaths() gives the race connections of the peer's addresses, and closes all others", async () => {
  const { push, stream } = incomingPaths([{ kind: "host", hostname: "203.0.113.9", port: 5 }]);
  const [peer, stranger, late] = ["203.0.113.9", "198.51.100.7", "203.0.113.9"].map(streamFrom);
  push(stranger!);
  push(peer!);
  const reader = stream.getReader();
  assertEquals((await reader.read()).value, peer);
  await reader.cancel();
  push(late!);
  assertEquals([peer!.closed, stranger!.closed, late!.closed], [false, true, true]);
});
