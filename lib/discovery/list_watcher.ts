/**
 * Reads the knock list of a serving peer: seldom, and for some seconds after each other sign of a knock.
 *
 * @module
 */
import { type Clock, pause } from "./clock.ts";
import { epochsAround, listIdentity, readList } from "./knock_list.ts";
import { targetOf } from "./item.ts";
import type { Contact, Dht, Reply } from "./types.ts";

/** The box is on its way while its sender's announcement is already here. */
const READ_MS = 6_000;
/**
 * Of all nodes together, and of each. Every wait here delays a path over IPv6, or through a NAT whose ports have to be told:
 * eight nodes, each once a second, are asked every 125 ms.
 */
const MIN_INTERVAL_MS = 100;
const NODE_INTERVAL_MS = 1_000;

/** What a {@linkcode ListWatcher} needs. */
export interface ListWatcherOptions {
  readonly dht: Dht;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly publicKey: Uint8Array;
  /** Each box, as often as it is found. */
  readonly onBox: (box: Uint8Array, from: Contact) => void;
}

/** Knows the nodes near the list, so that reading it takes no walk. */
export class ListWatcher implements AsyncDisposable {
  readonly #options: ListWatcherOptions;
  readonly #closing = new AbortController();
  /** The nodes of each epoch's list, closest first. */
  #nodes = new Map<number, readonly Contact[]>();
  #until = -Infinity;
  #reading: Promise<void> = Promise.resolve();
  #isReading = false;
  readonly #questions = new Set<Promise<void>>();

  constructor(options: ListWatcherOptions) {
    this.#options = options;
  }

  /** Walks to the list, and reads it on the way. Rejects with `signal.reason`, or when closed. */
  async walk(): Promise<void> {
    const { dht, publicKey, wallClock } = this.#options;
    const nodes = new Map<number, readonly Contact[]>();
    const { signal } = this.#closing;
    for (const epoch of epochsAround(wallClock())) {
      const list = listIdentity(publicKey, epoch);
      const onReply = (reply: Reply) => this.#take(reply, epoch);
      const replies = await dht.walk("get", targetOf(list.publicKey), { signal, onReply });
      nodes.set(epoch, replies.map((reply) => reply.from));
    }
    this.#nodes = nodes;
  }

  /** Looks for some seconds from now on. */
  look(): void {
    const { clock } = this.#options;
    this.#until = clock.now() + READ_MS;
    if (this.#isReading || this.#closing.signal.aborted) return;
    this.#isReading = true;
    this.#reading = this.#read().catch(() => {}).finally(() => this.#isReading = false);
  }

  /** Stops, and waits for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#reading;
    await Promise.all(this.#questions);
  }

  async #read(): Promise<void> {
    const { clock, wallClock } = this.#options;
    const { signal } = this.#closing;
    if (epochsAround(wallClock()).some((epoch) => !this.#nodes.has(epoch))) await this.walk();
    for (let turn = 0; clock.now() < this.#until; turn++) {
      const places = [...this.#nodes].flatMap(([epoch, nodes]) => nodes.map((node) => ({ epoch, node })));
      const place = places[turn % Math.max(1, places.length)];
      if (place) this.#ask(place.node, place.epoch);
      const interval = Math.max(MIN_INTERVAL_MS, NODE_INTERVAL_MS / Math.max(1, places.length));
      await pause(clock, interval, signal);
    }
  }

  #ask(node: Contact, epoch: number): void {
    const { dht, publicKey } = this.#options;
    const target = targetOf(listIdentity(publicKey, epoch).publicKey);
    const question = dht.get(node, target, { signal: this.#closing.signal })
      .then((reply) => this.#take(reply, epoch), () => {}) // the next one may know
      .finally(() => this.#questions.delete(question));
    this.#questions.add(question);
  }

  #take(reply: Reply, epoch: number): void {
    const { onBox, publicKey } = this.#options;
    if (!reply.item) return;
    for (const box of readList(reply.item, listIdentity(publicKey, epoch))) onBox(box, reply.from);
  }
}
