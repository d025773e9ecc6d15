import { dialable, type Vantage } from "./candidates/mod.ts";
import type { Gate } from "./_gate.ts";
import type { Knock } from "./discovery/mod.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import type { OnProgress } from "./progress.ts";
import { dialPersistently, PUNCH_WINDOW_MS, type PunchPort } from "./punch/mod.ts";

/** Dials under way at once: a punch lasts up to 10 s, and each holds a descriptor. */
const MAX_DIALS = 128;
/** Endpoints of one knock that are dialled. */
const MAX_DIALS_PER_KNOCK = 8;

/** What a {@linkcode KnockAnswerer} works with. */
export interface KnockAnswererOptions {
  readonly port: PunchPort;
  readonly gate: Gate;
  /** Our own situation now. */
  readonly vantage: () => Vantage;
  readonly report: OnProgress;
}

/** Punches towards whoever knocks. */
export class KnockAnswerer implements AsyncDisposable {
  readonly #options: KnockAnswererOptions;
  readonly #closing = new AbortController();
  readonly #dials = new Map<string, Promise<void>>();

  constructor(options: KnockAnswererOptions) {
    this.#options = options;
  }

  /** Dials the endpoints of a knock from our port, in the background. This never throws. */
  answer(knock: Knock): void {
    const { vantage, report } = this.#options;
    // Only for the source address of an announcement does somebody else vouch.
    const addresses = knock.via === "announce" ? knock.candidates.map((c) => c.hostname) : [];
    const targets = dialable(knock.candidates, vantage(), { addresses, chosen: false })
      .filter((e) => !this.#dials.has(formatEndpoint(e)))
      .slice(0, Math.min(MAX_DIALS_PER_KNOCK, MAX_DIALS - this.#dials.size));
    if (targets.length === 0 || this.#closing.signal.aborted) return;
    report({ type: "knocked", via: knock.via, from: targets.map(formatEndpoint) });
    for (const target of targets) {
      const key = formatEndpoint(target);
      this.#dials.set(key, this.#dial(target).finally(() => this.#dials.delete(key)));
    }
  }

  /** Until the window ends, or a path from there is in use: it may have been opened by the other side's SYN. */
  async #dial(target: Endpoint) {
    const { port, gate } = this.#options;
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), PUNCH_WINDOW_MS);
    const stopWaiting = gate.onPath(target, () => over.abort());
    try {
      const signal = AbortSignal.any([over.signal, this.#closing.signal]);
      gate.admit(await dialPersistently(port, target, { bound: true, signal }));
    } catch {
      /* no path this way: the connecting peer reports it */
    } finally {
      clearTimeout(timer);
      stopWaiting();
    }
  }

  /** Ends the punches under way. */
  async [Symbol.asyncDispose]() {
    this.#closing.abort();
    await Promise.all(this.#dials.values());
  }
}
