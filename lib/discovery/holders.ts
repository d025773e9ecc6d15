/**
 * The nodes closest to a target, kept with fresh write tokens.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { MAX_HOLDERS } from "./contacts.ts";
import type { Contact, Reply } from "./types.ts";

/**
 * Questions in a row without an answer after which a node is given up. Fewer would be mistaken for silence where
 * packets get lost: at 10 % each way two in a row miss every half minute, four every ten. A dead node that is kept
 * for some seconds costs nothing, since the others are asked; one that is lost is missed when somebody knocks.
 */
const MAX_SILENT = 4;

/** One of the closest nodes. */
export interface Holder {
  readonly contact: Contact;
  /** Of its newest answer. */
  token?: Uint8Array | undefined;
  /** When it was last polled, in milliseconds; a newcomer's turn is at once. */
  polledAt: number;
  /** Questions in a row that it did not answer. */
  silent: number;
}

/** As many nodes as a walk gives; a walk renews them, polls keep their tokens fresh. */
export class Holders {
  #holders: Holder[] = [];

  /** Closest first. */
  get list(): readonly Holder[] {
    return this.#holders;
  }

  /** Those that can be written to. */
  get writable(): readonly (Holder & { readonly token: Uint8Array })[] {
    return this.#holders.filter((h): h is Holder & { token: Uint8Array } => h.token !== undefined);
  }

  /** Takes what a walk found, closest first; a walk that found nobody says nothing. Gives the newcomers. */
  replace(replies: readonly Reply[]): Holder[] {
    if (replies.length === 0) return [];
    const known = new Map(this.#holders.map((h) => [formatEndpoint(h.contact), h]));
    this.#holders = replies.slice(0, MAX_HOLDERS).map(({ from, token }) => {
      const old = known.get(formatEndpoint(from));
      const polledAt = old?.polledAt ?? -Infinity;
      return { contact: from, token: token ?? old?.token, polledAt, silent: 0 };
    });
    return this.#holders.filter((h) => !known.has(formatEndpoint(h.contact)));
  }

  /** The node that was polled longest ago. */
  next(): Holder | undefined {
    return this.#holders.reduce<Holder | undefined>(
      (best, h) => best && best.polledAt <= h.polledAt ? best : h,
      undefined,
    );
  }

  /** A node has answered. */
  heard({ from, token }: Reply): void {
    const holder = this.#find(from);
    if (!holder) return;
    holder.silent = 0;
    holder.token = token ?? holder.token;
  }

  /** A node has not answered; so many times in a row costs it its place. */
  silent(node: Endpoint): void {
    const holder = this.#find(node);
    if (holder && ++holder.silent >= MAX_SILENT) {
      this.#holders = this.#holders.filter((h) => h !== holder);
    }
  }

  #find(node: Endpoint): Holder | undefined {
    const key = formatEndpoint(node);
    return this.#holders.find((h) => formatEndpoint(h.contact) === key);
  }
}
