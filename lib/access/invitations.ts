import type { Identity } from "../identity/mod.ts";
import { makeToken, newTerms, readToken } from "./invitation.ts";
import { FileStore, type Invitation, type InvitationStore, MemoryStore } from "./_invitation_store.ts";

export type { Invitation };

/** How long an invitation is good for unless something else is said. */
const DEFAULT_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Options of {@linkcode Invitations.create}. */
export interface InviteOptions {
  /** How many peers it lets in, 1 to 1000. @default {1} */
  readonly uses?: number;
  /** How long it is good for, in milliseconds. @default {86_400_000} a day */
  readonly lifetimeMs?: number;
}

/**
 * The invitations of one serving peer. Each is a token that lets in whoever shows it first, and keeps him in until it expires
 * or is revoked.
 *
 * @example Let one friend in
 * ```ts
 * import { connect, generateIdentity, Invitations, serve } from "@skip-public-ip/skip-public-ip";
 *
 * const identity = generateIdentity();
 * const invitations = new Invitations(identity);
 * await using server = await serve((request, info) => {
 *   const { socket, response } = Deno.upgradeWebSocket(request);
 *   socket.onopen = () => socket.send(`hello ${info.remoteId}`);
 *   return response;
 * }, { identity, access: { invitations }, bootstrap: [] });
 * const token = await invitations.create();
 *
 * const friend = generateIdentity();
 * const bootstrap = [`127.0.0.1:${server.port}`];
 * const socket = await connect(server.id, { identity: friend, token, bootstrap });
 * const { data } = await new Promise<MessageEvent>((resolve) => socket.onmessage = resolve);
 * console.log(data === `hello ${friend.id}`); // true
 * const closed = new Promise((resolve) => socket.onclose = resolve);
 * socket.close();
 * await closed;
 * ```
 */
export class Invitations {
  readonly #identity: Identity;
  readonly #store: InvitationStore;

  /**
   * Those that are kept in `file`, or none yet.
   *
   * @param identity That of the serving peer.
   * @param file Where they are kept, with mode 0600; several processes may share it. In memory only without one.
   */
  constructor(identity: Identity, file?: string) {
    this.#identity = identity;
    this.#store = file === undefined ? new MemoryStore() : new FileStore(file);
  }

  /**
   * Makes a token to give away.
   *
   * @throws {RangeError} If `uses` or `lifetimeMs` is out of range, or no more fit beside those that are open: at most 1000.
   */
  async create({ uses = 1, lifetimeMs = DEFAULT_LIFETIME_MS }: InviteOptions = {}): Promise<string> {
    const terms = newTerms(uses, lifetimeMs);
    await this.#update((open) => [...open, { ...terms, revoked: false, peers: [] }]);
    return makeToken(this.#identity, terms);
  }

  /** Those that have not expired, oldest first. Rejects if the file cannot be read. */
  async list(): Promise<readonly Invitation[]> {
    await this.#store.refresh();
    return this.#store.value.filter(isOpen);
  }

  /**
   * Takes an invitation back: who came in by it is shown out. Gives how many that were.
   *
   * @param which A token, the `key` of an invitation, or `all`.
   */
  async revoke(which: string): Promise<number> {
    const key = readToken(which, this.#identity.publicKey)?.key ?? which;
    let count = 0;
    await this.#update((open) =>
      open.map((invitation) => {
        if (invitation.revoked || (which !== "all" && invitation.key !== key)) return invitation;
        count++;
        return { ...invitation, revoked: true };
      })
    );
    return count;
  }

  /** Whether a peer has come in by an invitation that is still good, as far as is known. */
  admits(id: string): boolean {
    return this.#store.value.some((invitation) => isGood(invitation) && invitation.peers.includes(id));
  }

  /** Lets the peer `id` in by a token, if that is good for one more or was used by it before. */
  async redeem(token: string, id: string): Promise<boolean> {
    const terms = readToken(token, this.#identity.publicKey);
    if (!terms) return false;
    const isFor = (invitation: Invitation) => invitation.key === terms.key && isGood(invitation);
    await this.#store.refresh();
    if (this.admits(id)) return true;
    // Who has no chance is told so before anything is locked or written.
    if (!this.#store.value.some((invitation) => isFor(invitation) && hasRoom(invitation))) return false;
    await this.#update((open) =>
      open.map((invitation) => {
        const takes = isFor(invitation) && hasRoom(invitation) && !invitation.peers.includes(id);
        return takes ? { ...invitation, peers: [...invitation.peers, id] } : invitation;
      })
    );
    return this.admits(id);
  }

  /** Finds out what other processes have changed. Rejects if the file was never readable. */
  refresh(): Promise<void> {
    return this.#store.refresh();
  }

  /** Whatever has expired is forgotten at the next change. */
  #update(change: (open: readonly Invitation[]) => readonly Invitation[]): Promise<void> {
    return this.#store.update((invitations) => change(invitations.filter(isOpen)));
  }
}

function isOpen({ expires }: Invitation): boolean {
  return Date.now() < expires;
}

function isGood(invitation: Invitation): boolean {
  return !invitation.revoked && isOpen(invitation);
}

function hasRoom({ peers, uses }: Invitation): boolean {
  return peers.length < uses;
}
