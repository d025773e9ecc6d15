/**
 * Serving peers within the test's own process, each alone in its network, for commands that reach them.
 *
 * @module
 */
import { type AccessOptions, generateIdentity, type Identity, serve, type ServeHandler } from "../../mod.ts";

/** A serving peer and what the command line needs to reach it. */
export interface There extends AsyncDisposable {
  readonly id: string;
  readonly bootstrap: readonly [flag: string, node: string];
  readonly port: number;
  readonly identity: Identity;
}

/** Options of {@linkcode serveThere}. */
export interface ThereOptions {
  readonly identity?: Identity;
  readonly port?: number;
  readonly access?: AccessOptions;
}

/** Serves a handler. */
export async function serveThere(
  handler: ServeHandler,
  { identity = generateIdentity(), port = 0, access }: ThereOptions = {},
): Promise<There> {
  const stop = new AbortController();
  const server = await serve(handler, {
    identity,
    port,
    ...(access ? { access } : {}),
    bootstrap: [],
    signal: stop.signal,
    stun: [],
    portMapping: false,
  });
  return {
    ...{ id: server.id, port: server.port, identity },
    bootstrap: ["--bootstrap", `127.0.0.1:${server.port}`],
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}
