import { abortable } from "@std/async";
import type { ByteStream } from "../punch/mod.ts";
import { tlsFailure } from "./_failure.ts";
import { loopbackPair } from "./_loopback_pair.ts";
import { closeQuietly, splice } from "./splice.ts";

/** Two round trips and some arithmetic. */
const HANDSHAKE_MS = 10_000;

/** Options of {@linkcode openTls}. */
export interface OpenTlsOptions {
  /** One of the names in the peer's certificate. All but an address can be read on the way. */
  readonly hostname: string;
  /** PEM of the certificate that the peer's must be signed by. */
  readonly anchor: string;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/**
 * Speaks TLS on a path: what is written to the stream arrives at the peer's HTTP server, as HTTP/1.1. Takes over `path`.
 *
 * An end of the path that TLS has not announced makes reading fail with `Deno.errors.UnexpectedEof`.
 * Rejects with `PeerError` `not-proven` or `tunnel-failed`, or with `signal.reason`.
 */
export async function openTls(path: ByteStream, options: OpenTlsOptions): Promise<ByteStream> {
  const { hostname, anchor, signal } = options;
  let conn: Deno.TcpConn | undefined;
  let tls: Deno.TlsConn | undefined;
  const late = AbortSignal.timeout(HANDSHAKE_MS);
  try {
    conn = await joined(path);
    signal.throwIfAborted();
    tls = await Deno.startTls(conn, { hostname, caCerts: [anchor], alpnProtocols: ["http/1.1"] });
    // Closing does not end a handshake that is under way: it ends with the path, but nobody waits for it.
    await abortable(tls.handshake(), AbortSignal.any([signal, late]));
    return tlsStream(tls, path);
  } catch (error) {
    for (const opened of [tls ?? conn, path]) if (opened) closeQuietly(opened);
    signal.throwIfAborted();
    throw tlsFailure(late.aborted ? new Error("the peer does not answer") : error);
  }
}

/** `Deno.startTls` takes the runtime's own connections alone; others are joined to one. */
async function joined(path: ByteStream): Promise<Deno.TcpConn> {
  const [near, far] = await loopbackPair();
  void splice(far, path); // its errors show as an end that TLS has not announced
  return near;
}

function tlsStream(tls: Deno.TlsConn, { localAddr, remoteAddr }: ByteStream): ByteStream {
  return {
    localAddr,
    remoteAddr,
    read: (buffer) => tls.read(buffer),
    write: (data) => tls.write(data),
    closeWrite: () => tls.closeWrite(),
    close: () => closeQuietly(tls),
  };
}
