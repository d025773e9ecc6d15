import type { Endpoint } from "./endpoint.ts";

/**
 * A TCP connection as the later stages see it: the part of `Deno.TcpConn` that they use, so that it does not
 * matter whether `Deno.connect`, `Deno.listen` or a bound `node:net` socket made it.
 */
export interface ByteStream {
  /** Our end. */
  readonly localAddr: Endpoint;
  /** The other end, as this machine sees it. */
  readonly remoteAddr: Endpoint;
  /** Reads up to `buffer.length` bytes; `null` when the other side has finished sending. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of `data` and gives the number of bytes taken. */
  write(data: Uint8Array): Promise<number>;
  /** Finishes sending (FIN); reading goes on. */
  closeWrite(): Promise<void>;
  /** Closes both directions at once; a pending read or write fails with `Deno.errors`. Idempotent. */
  close(): void;
  /** Closes so that the other side sees that something is missing (RST), where it would not see that otherwise. */
  reset?(): void;
}
