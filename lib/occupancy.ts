import { addressFamily, addressToBytes } from "./endpoint.ts";

/** Somebody who is inside. */
export interface Place {
  /** He has shown something that strangers cannot: he goes after all those who have not. Idempotent. */
  promote(): void;
  /** He stays: nobody takes his place any more. Idempotent. */
  keep(): void;
  /** He has gone. Idempotent. */
  leave(): void;
}

/** Options of {@linkcode Occupancy}. */
export interface OccupancyOptions {
  /** What each of them takes of something else that is limited. @default nothing */
  readonly share?: { readonly take: () => boolean; readonly give: () => void };
}

/** Those who may be sent away: by what they have shown, each oldest first. */
class Queue {
  readonly #strangers = new Set<Visitor>();
  readonly #promoted = new Set<Visitor>();

  add(visitor: Visitor, isPromoted: boolean) {
    (isPromoted ? this.#promoted : this.#strangers).add(visitor);
  }

  delete(visitor: Visitor) {
    this.#strangers.delete(visitor);
    this.#promoted.delete(visitor);
  }

  first(): Visitor | undefined {
    return this.#strangers.values().next().value ?? this.#promoted.values().next().value;
  }
}

interface Visitor extends Place {
  readonly sendAway: () => void;
}

interface Network extends Queue {
  count: number;
}

/**
 * How many are inside, in all and for each network. Where it is full, whoever came first and has shown nothing makes room: an
 * honest peer has shown something a round trip later, a flood has not.
 */
export class Occupancy {
  readonly #max: number;
  readonly #maxPerNetwork: number;
  readonly #share: OccupancyOptions["share"];
  readonly #networks = new Map<string, Network>();
  readonly #queue = new Queue();
  #total = 0;

  constructor(max: number, maxPerNetwork: number, { share }: OccupancyOptions = {}) {
    this.#max = max;
    this.#maxPerNetwork = maxPerNetwork;
    this.#share = share;
  }

  /**
   * Lets one in; `null` where it is full of those who stay.
   *
   * @param sendAway Called when he has to make room; he counts as gone then. Without it he stays.
   */
  enter(address: string, sendAway?: () => void): Place | null {
    const key = networkOf(address);
    const own = this.#networks.get(key);
    if (own && own.count >= this.#maxPerNetwork && !makeRoom(own)) return null;
    if (this.#total >= this.#max && !makeRoom(this.#queue)) return null;
    if (!this.#takeShare() && !(makeRoom(this.#queue) && this.#takeShare())) return null;
    return this.#admit(key, sendAway);
  }

  #takeShare(): boolean {
    return this.#share?.take() ?? true;
  }

  #admit(key: string, sendAway: (() => void) | undefined): Place {
    const network = this.#networks.get(key) ?? Object.assign(new Queue(), { count: 0 });
    this.#networks.set(key, network);
    const queues = [this.#queue, network];
    let isInside = true, isKept = sendAway === undefined;
    const move = (isPromoted: boolean) => {
      for (const queue of queues) queue.delete(visitor);
      if (isInside && !isKept) { for (const queue of queues) queue.add(visitor, isPromoted); }
    };
    const leave = () => {
      if (!isInside) return;
      isInside = false;
      move(false);
      this.#total--;
      this.#share?.give();
      if (--network.count === 0) this.#networks.delete(key);
    };
    const keep = () => {
      if (isKept) return;
      isKept = true;
      move(false);
    };
    const visitor: Visitor = { sendAway: () => sendAway?.(), promote: () => move(true), keep, leave };
    this.#total++;
    network.count++;
    move(false);
    return visitor;
  }
}

/** Whether somebody could be sent away. */
function makeRoom(queue: Queue): boolean {
  const first = queue.first();
  first?.leave();
  first?.sendAway();
  return first !== undefined;
}

/** What one subscriber has at least: an IPv4 address, or an IPv6 /64. */
export function networkOf(address: string): string {
  return addressFamily(address) === 6 ? addressToBytes(address)!.subarray(0, 8).toHex() : address;
}
