import type { Closable } from "./_guest.ts";

const MIB = 1024 ** 2;
/** So many bytes later we look again. */
const LOOK_EACH_BYTES = 32 * MIB;
/** What is taken and handed on leaves nothing behind: less than this part of what came is the runtime's own coming and going. */
const LASTING_PART = 1 / 8;
/** What was piled up is given back a moment after its sender has gone: so many looks later. */
const GRACE_LOOKS = 4;
/** Longer messages than this, with all that is under way, are put together by nobody who serves others. */
const MOST_PILED_BYTES = 512 * MIB;

/** Options of {@linkcode PileWatch}; for tests. */
export interface PileWatchOptions {
  /** Memory of this process. @default {Deno.memoryUsage().rss} */
  readonly residentBytes?: () => number;
  /** @default {33_554_432} */
  readonly lookEachBytes?: number;
  /** @default {536_870_912} */
  readonly mostPiledBytes?: number;
}

/** One WebSocket's share. */
export interface Share {
  /** So many bytes have come over it. */
  add(bytes: number): void;
  /** It has ended. */
  end(): void;
}

/**
 * Notices when what comes over WebSockets stays in memory. Deno 2.9 refuses a frame of more than 64 MiB, but puts a message
 * together from any number of fragments: one peer that never ends its message would fill the machine's memory. Whoever has
 * sent most of what is piled up is sent away.
 */
export class PileWatch {
  readonly #residentBytes: () => number;
  readonly #lookEachBytes: number;
  readonly #mostPiledBytes: number;
  /** What each has sent since nothing was piled up. */
  readonly #sent = new Map<OwnShare, number>();
  #base: number | undefined;
  #received = 0;
  #unseen = 0;

  constructor(options: PileWatchOptions = {}) {
    this.#residentBytes = options.residentBytes ?? (() => Deno.memoryUsage().rss);
    this.#lookEachBytes = options.lookEachBytes ?? LOOK_EACH_BYTES;
    this.#mostPiledBytes = options.mostPiledBytes ?? MOST_PILED_BYTES;
  }

  /** Watches one more WebSocket; its sender is closed if he is to go. */
  enter(sender: Closable): Share {
    return new OwnShare(this, sender);
  }

  /** For {@linkcode Share.add}. */
  add(share: OwnShare, bytes: number): void {
    this.#base ??= this.#residentBytes();
    this.#sent.set(share, (this.#sent.get(share) ?? 0) + bytes);
    this.#received += bytes;
    this.#unseen += bytes;
    if (this.#unseen >= this.#lookEachBytes) this.#look();
  }

  /** For {@linkcode Share.end}. */
  delete(share: OwnShare): void {
    this.#sent.delete(share);
  }

  #look(): void {
    this.#unseen = 0;
    const resident = this.#residentBytes();
    const piled = resident - this.#base!;
    if (piled < this.#received * LASTING_PART) return this.#beginAnew(resident);
    if (piled < this.#mostPiledBytes || this.#received < this.#mostPiledBytes) return;
    const [share] = [...this.#sent].reduce((most, share) => share[1] > most[1] ? share : most);
    this.#sent.delete(share);
    this.#unseen = -GRACE_LOOKS * this.#lookEachBytes;
    share.sender.close();
  }

  #beginAnew(resident: number): void {
    this.#base = resident;
    this.#received = 0;
    this.#sent.clear();
  }
}

class OwnShare implements Share {
  readonly sender: Closable;
  readonly #watch: PileWatch;

  constructor(watch: PileWatch, sender: Closable) {
    this.#watch = watch;
    this.sender = sender;
  }

  add(bytes: number) {
    this.#watch.add(this, bytes);
  }

  end() {
    this.#watch.delete(this);
  }
}
