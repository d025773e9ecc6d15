import type { Identity } from "../identity/mod.ts";
import { TOKEN_HEADER } from "./invitation.ts";
import { makeProof, PROOF_HEADER } from "./proof.ts";

/** A proof is made anew after so long: much less than it is good for, and enough that few requests need a signature. */
const REUSE_MS = 10 * 60_000;

/** What {@linkcode Credentials} are made of. */
export interface CredentialsOptions {
  /** Who shows them. */
  readonly identity: Identity;
  /** Whom they are shown to: an id in its canonical form. */
  readonly audience: string;
  /** An invitation of that peer. */
  readonly token?: string | undefined;
}

/** What a connecting peer shows to one serving peer, inside TLS. */
export class Credentials {
  readonly #options: CredentialsOptions;
  #proof = "";
  #madeAt = -Infinity;

  constructor(options: CredentialsOptions) {
    this.#options = options;
  }

  /** The headers to send. */
  headers(now = Date.now()): [name: string, value: string][] {
    const { identity, audience, token } = this.#options;
    if (Math.abs(now - this.#madeAt) > REUSE_MS) { // also when the clock was set back
      this.#proof = makeProof(identity, audience, now);
      this.#madeAt = now;
    }
    return [[PROOF_HEADER, this.#proof], ...(token ? [[TOKEN_HEADER, token] as [string, string]] : [])];
  }
}
