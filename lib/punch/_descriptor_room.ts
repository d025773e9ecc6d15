import { freeDescriptors, RESERVED } from "./_descriptors.ts";

/** What is looked for beyond what is needed: looking takes some 20 ms for a thousand. */
const STEP = 128;
/** Where there were not enough, we look again after so long. */
const LOOK_AGAIN_MS = 1000;
/** Whoever was sent away has not closed yet when the next one comes: so many of what is reserved may be in use meanwhile. */
const OVERLAP = RESERVED / 2;
/** So many are worth a try even where nearly none are left. */
const LEAST = 32;

/** A part of the descriptors for one purpose. */
export interface DescriptorShare {
  /** Whether there were so many more, which are taken then; `inPlaceOfAnother`, who is about to give back his own. */
  readonly take: (inPlaceOfAnother?: boolean) => boolean;
  /** Gives them back. */
  readonly give: () => void;
}

/** Options of {@linkcode DescriptorRoom}; for tests. */
export interface DescriptorRoomOptions {
  /** Counts descriptors that are free now, up to a number. */
  readonly free?: (most: number) => number;
  /** Milliseconds, never going back. @default {performance.now} */
  readonly now?: () => number;
}

/**
 * The descriptors that connections may take, so that some are left for everything else: a process without any cannot even open
 * a file, and the runtime's servers stop accepting. What is known to be there is not looked for again.
 */
export class DescriptorRoom {
  readonly #free: (most: number) => number;
  readonly #now: () => number;
  readonly #shares: { used: number; readonly part: number }[] = [];
  #fitting = 0;
  #lookedAt = -Infinity;

  constructor({ free = freeDescriptors, now = () => performance.now() }: DescriptorRoomOptions = {}) {
    this.#free = free;
    this.#now = now;
  }

  /**
   * A share for connections that take `each` descriptors.
   *
   * @param part What others leave to it at least, 0 to 1.
   */
  share(each: number, part: number): DescriptorShare {
    const own = { used: 0, part };
    this.#shares.push(own);
    const fits = (over = 0) => own.used + each + this.#keptFrom(own) <= this.#fitting + over;
    return {
      take: (inPlaceOfAnother = false) => {
        if (!fits()) this.#look(each);
        if (!fits(inPlaceOfAnother ? OVERLAP : 0)) return false;
        own.used += each;
        return true;
      },
      give: () => void (own.used -= each),
    };
  }

  /** What the other shares have taken, or are to have. */
  #keptFrom(own: unknown): number {
    const others = this.#shares.filter((share) => share !== own);
    return others.reduce((sum, { used, part }) => sum + Math.max(used, Math.floor(part * this.#fitting)), 0);
  }

  #look(each: number): void {
    if (this.#now() - this.#lookedAt < LOOK_AGAIN_MS) return;
    const used = this.#shares.reduce((sum, share) => sum + share.used, 0);
    // Twice as many as there are, since others may be owed up to half of them.
    const wanted = 2 * (used + each) + STEP;
    const found = this.#free(wanted + RESERVED) - RESERVED;
    this.#fitting = Math.max(LEAST, used + found);
    if (found < wanted) this.#lookedAt = this.#now();
  }
}
