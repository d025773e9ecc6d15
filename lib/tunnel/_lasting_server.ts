import { delay } from "@std/async";

/** Somebody may have given a descriptor back by then. */
const FIRST_RETRY_MS = 10;
const MAX_RETRY_MS = 1000;

/**
 * A native HTTP server that goes on. `Deno.serve` stops accepting for good when the process has no descriptor left at that
 * moment; then another one is begun, at another port, and what was accepted before goes on at the old one.
 */
export class LastingServer {
  /** Resolves once {@linkcode LastingServer.shutdown} has stopped it. Never rejects. */
  readonly finished: Promise<void>;
  readonly #begin: () => Deno.HttpServer<Deno.NetAddr>;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #isStopped = false;

  /** Throws whatever `begin` throws the first time. */
  constructor(begin: () => Deno.HttpServer<Deno.NetAddr>) {
    this.#begin = begin;
    this.#server = begin();
    this.finished = this.#run();
  }

  /** Where it listens now. */
  get addr(): Deno.NetAddr {
    return this.#server.addr;
  }

  /** Finishes the requests under way and stops. */
  async shutdown(): Promise<void> {
    this.#isStopped = true;
    await this.#server.shutdown();
    await this.finished;
  }

  async #run(): Promise<void> {
    for (let retryMs = FIRST_RETRY_MS;;) {
      const stopped = await this.#server.finished.then(() => true, () => false);
      if (stopped) return;
      for (let begun = false; !begun; retryMs = Math.min(2 * retryMs, MAX_RETRY_MS)) {
        await delay(retryMs);
        if (this.#isStopped) return;
        begun = this.#tryAgain();
      }
      retryMs = FIRST_RETRY_MS;
    }
  }

  #tryAgain(): boolean {
    try {
      this.#server = this.#begin();
      return true;
    } catch {
      return false; // still no descriptor
    }
  }
}
