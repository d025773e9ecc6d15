/**
 * What a serving peer can stand in front of.
 *
 * @module
 */

import type { ServeInfo } from "../tunnel/mod.ts";

/** A handler of `Deno.serve` that a path of one's own can be given to. */
export interface Target {
  /**
   * Answers a request.
   *
   * @param mount The path under which the target is served, without a slash at its end; the target does not see it.
   */
  (request: Request, info: Deno.ServeHandlerInfo, mount?: string): Response | Promise<Response>;
}

/** A target that keeps something open, such as connections for the next request. */
export interface ClosableTarget extends Target, Disposable {
  /** Closes what is open. Idempotent. */
  close(): void;
}

/** What `info` holds beside that of `Deno.serve`, if the request came through a tunnel. */
export type PeerInfo = Pick<ServeInfo, "remoteId" | "disconnected">;

/** Makes a function and what closes it into one. */
export function closable(target: Target, close: () => void): ClosableTarget {
  return Object.assign(
    (request: Request, info: Deno.ServeHandlerInfo, mount?: string) => target(request, info, mount),
    { close, [Symbol.dispose]: close },
  );
}
