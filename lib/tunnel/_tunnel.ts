import type { ByteStream } from "../punch/mod.ts";
import type { Guest } from "./_guest.ts";
import type { PileWatch, Share } from "./_pile_watch.ts";
import { closeQuietly, splice, type SpliceResult } from "./splice.ts";

/** A path on which a guest came in, and the connection on which it reaches the native server. There may be thousands. */
export class Tunnel {
  readonly guest: Guest;
  /** Between which two loopback ports; absent before it is joined. */
  door: string | undefined;
  readonly #path: ByteStream;
  readonly #share: Share;
  #inner: Deno.TcpConn | undefined;

  constructor(path: ByteStream, guest: Guest, pile: PileWatch) {
    this.guest = guest;
    this.#path = path;
    this.#share = pile.enter(guest);
  }

  /** Joins the path to the server; settles when both are closed. `head` is what was already read from the path. */
  join(inner: Deno.TcpConn, head?: Uint8Array): Promise<SpliceResult> {
    this.#inner = inner;
    inner.setNoDelay();
    this.guest.closes(this);
    const onForth = (bytes: number) => this.#heard(bytes);
    return splice(this.#path, inner, { onForth, ...(head ? { head } : {}) });
  }

  #heard(bytes: number) {
    if (!this.guest.upgraded) return;
    this.guest.heard();
    this.#share.add(bytes);
  }

  /** Ends it. Idempotent. */
  close() {
    closeQuietly(this.#path);
    if (this.#inner) closeQuietly(this.#inner);
  }

  /** It has ended, or never begun: the guest takes nothing more of what is limited. */
  leave() {
    this.close();
    this.#share.end();
    this.guest.close();
    this.guest.place?.leave();
  }
}
