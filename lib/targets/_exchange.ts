import type { Endpoint } from "../endpoint.ts";
import { attempt, type TargetAnswer, type TargetRequest } from "./_attempt.ts";
import { TargetFault } from "./_fault.ts";
import { HttpClient } from "./_http_client.ts";

/** Connections that are kept for the next request. */
const MAX_IDLE_CONNECTIONS = 64;
/** Methods that may be repeated when a kept connection turns out to be closed (RFC 9110 section 9.2.2). */
const REPEATABLE: readonly string[] = ["GET", "HEAD", "OPTIONS"];

/** HTTP requests to a target, over connections that are kept for the next one. */
export class Exchanger implements Disposable {
  readonly #target: Endpoint;
  readonly #idle: HttpClient[] = [];
  #isClosed = false;

  constructor(target: Endpoint) {
    this.#target = target;
  }

  /** Sends a request and waits for the head of its answer. Rejects with what undici or the system says, or `TargetFault`. */
  async exchange(request: TargetRequest): Promise<TargetAnswer> {
    // A request with a body gets a connection of its own: it could not be sent again if a kept one is stale.
    const isRepeatable = request.body === null && REPEATABLE.includes(request.method);
    const kept = isRepeatable ? this.#take() : undefined;
    try {
      if (kept) return await this.#attempt(kept, request, isRepeatable);
    } catch (error) {
      if (request.signal.aborted || error instanceof TargetFault) throw error;
    }
    return await this.#attempt(await HttpClient.open(this.#target), request, isRepeatable);
  }

  #attempt(client: HttpClient, request: TargetRequest, isRepeatable: boolean): Promise<TargetAnswer> {
    const onOver = () => isRepeatable ? this.#keep(client) : client.close();
    return attempt(client, request, { last: !isRepeatable, onOver });
  }

  /** The one that was used last: the others are let go of by the target, or by us after a while. */
  #take(): HttpClient | undefined {
    for (let client; (client = this.#idle.pop());) {
      if (!client.isLost) return client;
      client.close();
    }
  }

  #keep(client: HttpClient) {
    if (this.#isClosed || client.isLost || this.#idle.length >= MAX_IDLE_CONNECTIONS) client.close();
    else this.#idle.push(client);
  }

  /** Closes the kept connections. */
  [Symbol.dispose]() {
    this.#isClosed = true;
    for (const client of this.#idle.splice(0)) client.close();
  }
}
