import { AllowList } from "./allow_list.ts";
import type { Invitations } from "./invitations.ts";

/** How often files are looked at, and peers that may no longer stay are shown out. */
const LOOK_INTERVAL_MS = 1000;

/** Decides which peers a serving peer lets in. */
export interface Guard {
  /** Whether a peer that has proven its id may come in, with a token if it brings one. Never rejects. */
  admit(id: string, token?: string): Promise<boolean>;
  /** Whether it may without a token, by all that is known now. */
  admits(id: string): boolean;
  /** Calls `changed` when {@linkcode Guard.admits} may answer differently; gives the way to stop. */
  watch(changed: () => void): () => void;
}

/** Who may connect: peers that are named, and those that are invited. Nobody else; without either, nobody at all. */
export interface AccessOptions {
  /** Ids of peers that may. */
  readonly allow?: readonly string[];
  /**
   * File with ids of peers that may, one a line, with a name before it or not; `#` begins a comment. It is read again when it
   * changes; while it makes no sense, what it said before counts.
   */
  readonly allowFile?: string;
  /** Invitations that count; those of the very identity that serves. */
  readonly invitations?: Invitations;
}

/** Options of {@linkcode openGuard}. */
export interface GuardOptions extends AccessOptions {
  /** Told when the allow list has changed, with its length, and the error if it makes no sense now. */
  readonly onAllowList?: (peers: number, error?: Error) => void;
  /** @default {1000} */
  readonly lookIntervalMs?: number;
}

/**
 * Reads the lists, and keeps an eye on them until it is disposed of.
 *
 * Rejects with `SyntaxError` for what is no id, and with what the system says of a file that cannot be read.
 */
export async function openGuard(options: GuardOptions): Promise<Guard & AsyncDisposable> {
  const { allow, allowFile, onAllowList, invitations } = options;
  const list = await AllowList.open({
    ...{ allow, allowFile },
    ...(onAllowList ? { onRead: onAllowList } : {}),
  });
  await invitations?.refresh();
  return new ListGuard(list, invitations, options.lookIntervalMs ?? LOOK_INTERVAL_MS);
}

class ListGuard implements Guard, AsyncDisposable {
  readonly #list: AllowList;
  readonly #invitations: Invitations | undefined;
  readonly #watchers = new Set<() => void>();
  readonly #timer: ReturnType<typeof setInterval>;
  #looking = Promise.resolve();

  constructor(list: AllowList, invitations: Invitations | undefined, intervalMs: number) {
    this.#list = list;
    this.#invitations = invitations;
    this.#timer = setInterval(() => this.#looking = this.#look(), intervalMs);
  }

  admits(id: string): boolean {
    return this.#list.has(id) || this.#invitations?.admits(id) === true;
  }

  async admit(id: string, token?: string): Promise<boolean> {
    try {
      await this.#refresh(); // he may have been named a moment ago
      if (this.admits(id)) return true;
      return token !== undefined && await this.#invitations?.redeem(token, id) === true;
    } catch {
      return false; // a file that cannot be read or written opens no door
    }
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** An invitation may also have expired, so nothing needs to have changed in a file. */
  async #look() {
    await this.#refresh().catch(() => {}); // as before, then
    for (const changed of this.#watchers) changed();
  }

  async #refresh() {
    await Promise.all([this.#list.refresh(), this.#invitations?.refresh()]);
  }

  async [Symbol.asyncDispose]() {
    clearInterval(this.#timer);
    await this.#looking;
  }
}
