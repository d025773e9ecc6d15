import type { ByteStream } from "../byte_stream.ts";
import { canonicalAddress, type Endpoint } from "../endpoint.ts";

/** A `Deno.TcpConn` whose remote address has its canonical form, and whose `close` may be called twice. */
export function denoStream(conn: Deno.TcpConn): ByteStream {
  return new DenoStream(conn);
}

/** A class, since a serving peer has thousands of them: an object with functions of its own is eight times as large. */
class DenoStream implements ByteStream {
  readonly localAddr: Endpoint;
  readonly remoteAddr: Endpoint;
  readonly #conn: Deno.TcpConn;
  #isClosed = false;

  constructor(conn: Deno.TcpConn) {
    const { hostname, port } = conn.remoteAddr;
    this.localAddr = conn.localAddr;
    this.remoteAddr = { hostname: canonicalAddress(hostname), port };
    this.#conn = conn;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    return this.#conn.write(data);
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close() {
    if (!this.#isClosed) this.#conn.close();
    this.#isClosed = true;
  }
}
