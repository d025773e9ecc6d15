/**
 * Pairs of connected streams, for tests of what runs over them.
 *
 * @module
 */
import { type ByteStream, denoStream } from "../lib/punch/mod.ts";

/** Both ends of a TCP connection on loopback, as the runtime gives them. */
export async function connPair(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = { hostname: "127.0.0.1", port: listener.addr.port };
  return await Promise.all([Deno.connect(address), listener.accept()]);
}

/** Both ends of a TCP connection on loopback, as punching gives them. */
export async function tcpPair(): Promise<[ByteStream, ByteStream]> {
  const [a, b] = await connPair();
  return [denoStream(a), denoStream(b)];
}

/** Reads until the other side has finished. */
export async function readAll(stream: ByteStream): Promise<Uint8Array> {
  const parts: number[] = [];
  const buffer = new Uint8Array(65536);
  for (;;) {
    const n = await stream.read(buffer);
    if (n === null) return Uint8Array.from(parts);
    parts.push(...buffer.subarray(0, n));
  }
}
