/**
 * Both ends of a target: the server behind it, well-behaved or not, and the one in front of it.
 *
 * @module
 */

/** A server and its address. */
export interface Running extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  readonly port: number;
}

/** A plain `Deno.serve` on loopback. */
export function serveHttp(handler: Deno.ServeHandler<Deno.NetAddr>, port = 0): Running {
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {}, onError: fail }, handler);
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    port: server.addr.port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Without Deno's own message on stderr. */
function fail(): Response {
  return new Response("failed", { status: 500 });
}

/** One connection as bytes. */
export class RawConnection implements Disposable {
  readonly #conn: Deno.Conn;
  text = "";

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Connects to a server of this machine and says the first words. */
  static async open(port: number, text: string): Promise<RawConnection> {
    const connection = new RawConnection(await Deno.connect({ hostname: "127.0.0.1", port }));
    await connection.write(text);
    return connection;
  }

  async write(text: string): Promise<void> {
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /** Reads until `pattern` is there; gives all that was read. Rejects if it ends before. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) {
      if (!await this.more()) throw new Error(`${pattern} never came, but: ${JSON.stringify(this.text)}`);
    }
    return this.text;
  }

  /** Reads to the end, also one that is an error. */
  async rest(): Promise<string> {
    while (await this.more().catch(() => false));
    return this.text;
  }

  /** Reads what comes next into `text`; gives whether anything came. */
  async more(): Promise<boolean> {
    const buffer = new Uint8Array(65536);
    const length = await this.#conn.read(buffer);
    if (length === null) return false;
    this.text += String.fromCharCode(...buffer.subarray(0, Math.min(length, 8192)));
    for (let at = 8192; at < length; at += 8192) {
      this.text += String.fromCharCode(...buffer.subarray(at, Math.min(length, at + 8192)));
    }
    return true;
  }

  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // closed already
    }
  }
}

/** A server that does with each connection what `script` says, and then closes it. */
export function serveRaw(script: (connection: RawConnection, nth: number) => Promise<void>): Running {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<RawConnection>();
  const running: Promise<void>[] = [];
  const accept = async () => {
    for await (const conn of listener) {
      const connection = new RawConnection(conn);
      open.add(connection);
      running.push(script(connection, running.length).catch(() => {}).finally(() => connection.close()));
    }
  };
  const accepting = accept();
  return {
    origin: `http://127.0.0.1:${listener.addr.port}`,
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) connection.close();
      await Promise.all([accepting, ...running]);
    },
  };
}

/** Where nobody listens, just now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** The next event of a type. */
export function nextEvent<E extends Event>(target: EventTarget, type: string): Promise<E> {
  return new Promise((resolve) =>
    target.addEventListener(type, (event) => resolve(event as E), { once: true })
  );
}

/** A WebSocket that is open. */
export async function openSocket(url: string, protocols: string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), protocols);
  socket.binaryType = "arraybuffer";
  await nextEvent(socket, "open");
  return socket;
}

/** Reads a whole answer, and gives the number of its bytes with its head. `onRead` is called now and then. */
export async function drain(
  port: number,
  path: string,
  onRead: () => Promise<void> | void = () => {},
): Promise<number> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`));
  const buffer = new Uint8Array(256 * 1024);
  let [bytes, reads] = [0, 0];
  for (let n; (n = await conn.read(buffer)) !== null;) {
    bytes += n;
    if (++reads % 500 === 0) await onRead();
  }
  return bytes;
}
