/**
 * Whoever sits on the way: forwards what peers say to each other, keeps all of it, and changes what it likes.
 *
 * @module
 */
import { MemoryHub } from "../../lib/discovery/mod.ts";
import type { Identity } from "../../lib/identity/mod.ts";
import { natOf } from "../../lib/nat.ts";
import { writeAll } from "../../lib/punch/mod.ts";
import type { ConnectOptions } from "../../mod.ts";
import { PATIENCE_MS } from "./_target.ts";

/** What went over one connection: each side's bytes, in the pieces in which they came. */
export interface Recording {
  readonly fromConnecting: Uint8Array<ArrayBuffer>[];
  readonly fromServing: Uint8Array<ArrayBuffer>[];
}

/** Takes over a connection of the connecting peer; `recording` is his. */
export type Role = (connecting: Deno.TcpConn, recording: Recording) => Promise<void>;

/** A place on the way, at a port of its own. */
export class Middle implements AsyncDisposable {
  /** Of each connection, in order. */
  readonly recordings: Recording[] = [];
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #running = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;

  constructor(role: Role) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept(role);
  }

  async #accept(role: Role) {
    for await (const conn of this.#listener) {
      const recording: Recording = { fromConnecting: [], fromServing: [] };
      this.recordings.push(recording);
      this.#open.add(conn);
      const running = role(conn, recording).catch(() => {}).finally(() => {
        closeQuietly(conn);
        this.#open.delete(conn);
        this.#running.delete(running);
      });
      this.#running.add(running);
    }
  }

  async [Symbol.asyncDispose]() {
    this.#listener.close();
    await this.#accepting;
    for (const conn of this.#open) closeQuietly(conn);
    await Promise.all(this.#running);
  }
}

/** Changes what one side says, piece by piece. */
export type Change = (piece: Uint8Array<ArrayBuffer>, index: number) => Uint8Array;

/** Forwards to a serving peer, with `change` made to what the connecting peer says. */
export function forwardTo(port: number, change: Change = (piece) => piece): Role {
  return async (connecting, recording) => {
    using serving = await Deno.connect({ hostname: "127.0.0.1", port });
    await Promise.all([
      pump(connecting, serving, recording.fromConnecting, change),
      pump(serving, connecting, recording.fromServing, (piece) => piece),
    ]);
  };
}

async function pump(from: Deno.TcpConn, to: Deno.TcpConn, record: Uint8Array[], change: Change) {
  try {
    for (let piece; (piece = await nextPiece(from)) !== null;) {
      record.push(piece);
      await writeAll(to, change(piece, record.length - 1));
    }
  } finally {
    closeQuietly(to);
    closeQuietly(from);
  }
}

/** What comes next on a connection; `null` at its end. */
export async function nextPiece(conn: Deno.Conn): Promise<Uint8Array<ArrayBuffer> | null> {
  const buffer = new Uint8Array(65536);
  const length = await conn.read(buffer);
  return length === null ? null : buffer.slice(0, length);
}

function closeQuietly(conn: Deno.Conn) {
  try {
    conn.close();
  } catch { /* closed already */ }
}

/** The network of a peer whose record leads to the port of somebody else; `identity` signs it, as an old record is signed. */
export async function misled(
  identity: Identity,
  port: number,
): Promise<{ options: ConnectOptions } & AsyncDisposable> {
  const hub = new MemoryHub();
  const candidates = [{ kind: "host", hostname: "127.0.0.1", port } as const];
  const publication = await hub.open().publish(identity, () => ({ candidates, nat: natOf("open") }), {
    onKnock: () => {},
  });
  return {
    options: {
      ...{ discovery: hub.open(), stun: [], portMapping: false },
      signal: AbortSignal.timeout(PATIENCE_MS),
    },
    [Symbol.asyncDispose]: () => publication[Symbol.asyncDispose](),
  };
}
