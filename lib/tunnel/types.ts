/** About a request: as for `Deno.serve`, and who asks. */
export interface ServeInfo extends Deno.ServeHandlerInfo<Deno.NetAddr> {
  /**
   * The id of the peer, proven on this very connection; absent for one that keeps it to itself, as connecting peers do unless
   * they are told to show it.
   */
  readonly remoteId?: string;
  /** Aborted when the peer's connection is gone; absent only in plain `Deno.serve`. */
  readonly disconnected?: AbortSignal;
}

/** Answers requests. Any `Deno.ServeHandler` is one. */
export type ServeHandler = (request: Request, info: ServeInfo) => Response | Promise<Response>;
