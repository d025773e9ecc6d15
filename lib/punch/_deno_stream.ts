import type { ByteStream } from "../byte_stream.ts";
import { canonicalAddress } from "../endpoint.ts";

/** A `Deno.TcpConn` whose remote address has its canonical form, and whose `close` may be called twice. */
export function denoStream(conn: Deno.TcpConn): ByteStream {
  const { hostname, port } = conn.remoteAddr;
  let closed = false;
  return {
    localAddr: conn.localAddr,
    remoteAddr: { hostname: canonicalAddress(hostname), port },
    read: (buffer) => conn.read(buffer),
    write: (data) => conn.write(data),
    closeWrite: () => conn.closeWrite(),
    close() {
      if (!closed) conn.close();
      closed = true;
    },
  };
}
