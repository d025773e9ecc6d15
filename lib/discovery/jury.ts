import { lateAfterMs } from "./_patience.ts";
import { type Clock, pause } from "./clock.ts";
import { JURY_COUNT } from "./contacts.ts";
import type { Dht, Reply } from "./types.ts";

/** How long the jurors are kept in mind: nodes come and go. */
const LIFETIME_MS = 10 * 60_000;
/** With fewer of them answering, others are looked for. */
const ENOUGH = 3 / 4;

/** What a {@linkcode Jury} needs. */
export interface JuryOptions {
  readonly dht: Dht;
  readonly clock: Clock;
  /** Where announcements are looked for. */
  readonly target: Uint8Array;
  readonly signal: AbortSignal;
}

/** The forty closest nodes. To find them takes some round trips, so they are kept in mind, and asked in one. */
export class Jury {
  readonly #options: JuryOptions;
  #jurors: readonly Reply[] = [];
  #foundAt = -Infinity;
  #search: Promise<readonly Reply[]> | undefined;

  /** Looks for nobody yet. */
  constructor(options: JuryOptions) {
    this.#options = options;
  }

  /** Who has announced himself, as each of them says; closest first. Rejects with `signal.reason`. */
  async hear(): Promise<readonly Reply[]> {
    const { clock } = this.#options;
    await this.#search; // it may have asked before anybody announced himself
    if (clock.now() - this.#foundAt < LIFETIME_MS) {
      const replies = await this.#askAll();
      if (replies.length >= ENOUGH * this.#jurors.length) return replies;
    }
    return await this.#find();
  }

  /** Keeps jurors at hand. Rejects with `signal.reason`. */
  async keepReady(): Promise<never> {
    const { clock, signal } = this.#options;
    for (;;) {
      await this.#find();
      await pause(clock, LIFETIME_MS, signal);
    }
  }

  #find(): Promise<readonly Reply[]> {
    return this.#search ??= this.#walk().finally(() => this.#search = undefined);
  }

  async #walk(): Promise<readonly Reply[]> {
    const { clock, dht, signal, target } = this.#options;
    this.#jurors = await dht.walk("get_peers", target, { signal, count: JURY_COUNT });
    this.#foundAt = this.#jurors.length > 0 ? clock.now() : -Infinity;
    return this.#jurors;
  }

  /** Jurors that do not answer in the usual time are not waited for. */
  async #askAll(): Promise<Reply[]> {
    const { signal } = this.#options;
    const replies = await Promise.all(this.#jurors.map((juror) => this.#ask(juror)));
    signal.throwIfAborted();
    return replies.filter((reply) => reply !== undefined);
  }

  async #ask({ from, rttMs }: Reply): Promise<Reply | undefined> {
    const { clock, dht, signal, target } = this.#options;
    const over = new AbortController();
    const cancel = clock.schedule(lateAfterMs(rttMs), () => over.abort());
    try {
      return await dht.getPeers(from, target, { signal: AbortSignal.any([signal, over.signal]) });
    } catch {
      return undefined; // lost, or gone
    } finally {
      cancel();
    }
  }
}
