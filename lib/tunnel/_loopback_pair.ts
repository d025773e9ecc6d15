import { sameEndpoint } from "../endpoint.ts";

/**
 * Both ends of a TCP connection within this process.
 *
 * Whatever else connects to the port in the meantime is closed, so that nobody on this machine can slip in.
 */
export async function loopbackPair(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const near = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  try {
    for (;;) {
      const far = await listener.accept();
      // The port alone is not ours: all of 127.0.0.0/8 has one of that number.
      if (sameEndpoint(far.remoteAddr, near.localAddr)) {
        near.setNoDelay();
        far.setNoDelay();
        return [near, far];
      }
      far.close();
    }
  } catch (error) {
    near.close();
    throw error;
  }
}
