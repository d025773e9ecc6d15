/**
 * When a serving peer may say that it is an observer: when it knows that anybody can reach it.
 *
 * No address of ours tells that, since a firewall may sit before it. The proof is a connection from somebody far away to
 * whom our port has sent nothing.
 *
 * @module
 */
import { addressFamily, addressScope, type Endpoint, formatEndpoint, operatorPrefix } from "./endpoint.ts";
import type { PunchPort } from "./punch/mod.ts";

/** Addresses that our port has dialled; a firewall has long forgotten those that this many others follow. */
const MAX_DIALLED = 4096;
/** Connections from such addresses that are waiting for word on our own dial; see {@linkcode ObserverAnnouncer.watch}. */
const MAX_WAITING = 64;

/** What an {@linkcode ObserverAnnouncer} works with. */
export interface ObserverAnnouncerOptions {
  /** Makes our port known as an observer's, until what it gives is disposed of. */
  readonly announce: () => AsyncDisposable;
  /** Our public IPv4 address, where it is one of this machine's own: nothing translates what comes in. */
  readonly ownAddress: () => string | undefined;
}

/** Announces for as long as it is true. */
export class ObserverAnnouncer implements AsyncDisposable {
  readonly #options: ObserverAnnouncerOptions;
  /** How often an address was dialled; oldest first. */
  readonly #dialled = new Map<string, number>();
  /** Oldest first. */
  readonly #waiting = new Set<string>();
  readonly #ending = new Set<Promise<void>>();
  /** The address at which a stranger got in. */
  #proven: string | undefined;
  #announcement: AsyncDisposable | undefined;
  #isClosed = false;

  /** Announces nothing yet. */
  constructor(options: ObserverAnnouncerOptions) {
    this.#options = options;
  }

  /** Whether we are announced now. */
  get isAnnounced(): boolean {
    return this.#announcement !== undefined;
  }

  /**
   * The same port; whom it dials is a stranger no longer, unless he was faster: then that connection is being accepted, and
   * the dial has sent nothing.
   */
  watch(port: PunchPort): PunchPort {
    return {
      port: port.port,
      dial: (remote, options) => {
        this.#count(remote.hostname, 1);
        const dialling = port.dial(remote, options);
        dialling.catch((error) => hasSentNothing(error) && this.#sentNothing(remote));
        return dialling;
      },
      close: () => port.close(),
      [Symbol.asyncDispose]: () => port.close(),
    };
  }

  /** A connection came in that we did not open. */
  arrived(remote: Endpoint): void {
    const { hostname } = remote;
    if (this.isAnnounced || this.#isClosed) return;
    if (this.#dialled.has(hostname)) return this.#wait(remote);
    const own = this.#options.ownAddress();
    if (own === undefined || !isFar(hostname, own)) return;
    this.#proven = own;
    this.update();
  }

  /** Our address may have changed: what was true of the old one is not known of the new one. */
  update(): void {
    const own = this.#options.ownAddress();
    const isTrue = own !== undefined && own === this.#proven;
    if (isTrue) this.#announcement ??= this.#options.announce();
    else this.#withdraw();
  }

  #sentNothing(remote: Endpoint): void {
    this.#count(remote.hostname, -1);
    if (this.#waiting.delete(formatEndpoint(remote))) this.arrived(remote);
  }

  #count(address: string, by: 1 | -1): void {
    const count = (this.#dialled.get(address) ?? 0) + by;
    this.#dialled.delete(address);
    if (count > 0) this.#dialled.set(address, count);
    if (this.#dialled.size > MAX_DIALLED) this.#dialled.delete(this.#dialled.keys().next().value!);
  }

  #wait(remote: Endpoint): void {
    this.#waiting.add(formatEndpoint(remote));
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.values().next().value!);
  }

  #withdraw(): void {
    this.#proven = undefined;
    const announcement = this.#announcement;
    this.#announcement = undefined;
    if (!announcement) return;
    const ending = Promise.resolve(announcement[Symbol.asyncDispose]()).finally(() =>
      this.#ending.delete(ending)
    );
    this.#ending.add(ending);
  }

  /** Ends the announcement. */
  async [Symbol.asyncDispose]() {
    this.#isClosed = true;
    this.#withdraw();
    await Promise.all(this.#ending);
  }
}

/**
 * Whether a dial failed because the very connection was there already: the system says EADDRNOTAVAIL, of which Deno 2.9 makes
 * EINVAL.
 */
export function hasSentNothing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "EADDRNOTAVAIL" || code === "EINVAL";
}

/** Whether somebody sits beyond whatever guards our network; its neighbours may be inside. */
function isFar(address: string, own: string): boolean {
  return addressFamily(address) === 4 && addressScope(address) === "global" &&
    operatorPrefix(address) !== operatorPrefix(own);
}
