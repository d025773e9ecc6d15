import type { Endpoint } from "../endpoint.ts";
import { lateAfterMs } from "./_patience.ts";
import type { Clock } from "./clock.ts";
import type { Contact, Reply } from "./types.ts";

/** Second questions to nodes that a walk has asked: while they may be answered in the usual time, it may learn more. */
export class FollowUps implements Disposable {
  readonly #clock: Clock;
  readonly #waits = new Set<() => void>();
  readonly #onNodes: (nodes: readonly Contact[], from?: Endpoint) => void;
  #isOver = false;

  /** @param onNodes Called with what each node names, however late, and with nothing once it is not waited for any more. */
  constructor(clock: Clock, onNodes: (nodes: readonly Contact[], from?: Endpoint) => void) {
    this.#clock = clock;
    this.#onNodes = onNodes;
  }

  /** Whether some may still be answered in time. */
  get areOpen(): boolean {
    return this.#waits.size > 0;
  }

  /** A node whose first answer took `rttMs` is asked again. Never throws; that it does not answer is no error. */
  add(question: Promise<Reply>, rttMs: number): void {
    question.catch(() => {});
    if (this.#isOver) return;
    const settle = (reply?: Reply) => {
      cancel();
      this.#waits.delete(cancel);
      if (!this.#isOver) this.#onNodes(reply?.nodes ?? [], reply?.from);
    };
    const cancel = this.#clock.schedule(lateAfterMs(rttMs), settle);
    this.#waits.add(cancel);
    question.then(settle, () => settle());
  }

  /** Waits no more. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const cancel of this.#waits) cancel();
    this.#waits.clear();
  }
}
