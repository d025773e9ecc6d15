import { assertEquals } from "@std/assert";
import { denoStream } from "../../lib/punch/_deno_stream.ts";

Deno.test("denoStream() has the peer's address in its canonical form, and closes twice", async () => {
  using listener = Deno.listen({ hostname: "::", port: 0 });
  const port = listener.addr.port;
  const [out, incoming] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  // A listener at "::" names a peer of IPv4 ::ffff:127.0.0.1.
  const stream = denoStream(incoming);
  assertEquals(stream.remoteAddr, { hostname: "127.0.0.1", port: out.localAddr.port });
  await out.write(Uint8Array.of(7));
  const buffer = new Uint8Array(4);
  assertEquals([await stream.read(buffer), buffer[0]], [1, 7]);
  stream.close();
  stream.close();
  out.close();
});
