import type { Guest } from "./_guest.ts";

/** Shows out guests from whom nothing comes any more. One timer for all: they may be thousands, and each would be half a kilobyte. */
export class SilenceWatch {
  readonly #silenceMs: number;
  readonly #guests = new Set<Guest>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Whoever is silent for `silenceMs` is shown out, at the latest after twice as long. */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  /** Watches a guest who is there, until he is deleted. */
  add(guest: Guest): void {
    if (guest.closed) return;
    this.#guests.add(guest);
    this.#timer ??= setInterval(() => this.#look(), this.#silenceMs);
  }

  /** He has gone. */
  delete(guest: Guest): void {
    this.#guests.delete(guest);
    if (this.#guests.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const since = performance.now() - this.#silenceMs;
    for (const guest of this.#guests) if (guest.heardAt < since) guest.close();
  }
}
