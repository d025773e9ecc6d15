import type { ByteStream } from "../../lib/punch/mod.ts";

/** A stream whose other side is the test. */
export function fakeStream(behaviour: Pick<ByteStream, "read" | "write">) {
  const endpoint = { hostname: "127.0.0.1", port: 1 };
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  return {
    localAddr: endpoint,
    remoteAddr: endpoint,
    closed: false,
    read: (buffer: Uint8Array) => Promise.race([behaviour.read(buffer), failure.promise]),
    write: (data: Uint8Array) => Promise.race([behaviour.write(data), failure.promise]),
    closeWrite: () => Promise.resolve(),
    close() {
      this.closed = true;
      failure.reject(new Deno.errors.BadResource("closed"));
    },
  };
}
