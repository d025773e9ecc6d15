/**
 * A `node:net` socket bound to a port on which we listen too, and a `node:net` server that goes on listening.
 *
 * `Deno.connect` cannot choose its local port, and `net.connect({ localPort })` binds with SO_REUSEADDR only,
 * which Linux refuses beside a listener. Node's own binding does what is needed with `--allow-net` alone. This file
 * is the only one that touches it.
 *
 * @module
 */
import { type Server, Socket } from "node:net";
import process from "node:process";
import { addressFamily } from "../endpoint.ts";

interface TcpHandle {
  bindWithFlags(address: string, port: number, flags: number): number;
  bind6(address: string, port: number, flags: number): number;
  close(): void;
}

interface TcpWrap {
  TCP: new (type: number) => TcpHandle;
  constants: { SOCKET: number; UV_TCP_REUSEPORT?: number };
}

function tcpWrap(): Required<TcpWrap> & { constants: { UV_TCP_REUSEPORT: number } } {
  const { binding } = process as unknown as { binding?: (name: string) => TcpWrap };
  const wrap = binding?.("tcp_wrap");
  if (!wrap?.constants?.UV_TCP_REUSEPORT || !("bindWithFlags" in wrap.TCP.prototype)) {
    throw new Deno.errors.NotSupported(
      "Cannot bind an outgoing connection to a listening port: this runtime lacks it; use Deno 2.9 or newer",
    );
  }
  return wrap as ReturnType<typeof tcpWrap>;
}

/** How long a server may be deaf once there are descriptors again. */
const LISTEN_AGAIN_MS = 1000;
/** As many as Node lets wait. */
const BACKLOG = 511;

/**
 * Deno's `node:net` server accepts nothing more, and says nothing, once the process had no descriptor left for a connection.
 * Listening again wakes it, takes who waits, and costs less than a microsecond, so it is done every second, until
 * it closes, or is told to stop: it closes only after the last of its connections.
 */
export function keepAccepting(server: Server): { stop(): void } {
  const { _handle: handle } = server as { _handle?: { listen?: (backlog: number) => number } };
  const timer = setInterval(() => handle?.listen?.(BACKLOG), LISTEN_AGAIN_MS);
  const stop = () => clearInterval(timer);
  server.once("close", stop);
  return { stop };
}

/** A socket bound to `port` on all addresses of `remote`'s family, not yet connected. */
export function boundSocket(remote: string, port: number): Socket {
  const { TCP, constants } = tcpWrap();
  const handle = new TCP(constants.SOCKET);
  const failed = addressFamily(remote) === 6
    ? handle.bind6("::", port, constants.UV_TCP_REUSEPORT)
    : handle.bindWithFlags("0.0.0.0", port, constants.UV_TCP_REUSEPORT);
  if (failed !== 0) {
    handle.close();
    throw new Deno.errors.AddrInUse(`Cannot bind to local port ${port}: error ${failed}`);
  }
  return new Socket({ handle, allowHalfOpen: true } as ConstructorParameters<typeof Socket>[0]);
}
