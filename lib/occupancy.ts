import { subscriberPrefix } from "./endpoint.ts";

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
  /**
   * What each of them takes of something else that is limited, until he has really gone: who takes the place of somebody who was
   * sent away may be there before. @default nothing
   */
  readonly share?: { readonly take: (inPlaceOfAnother?: boolean) => boolean; readonly give: () => void };
}

/** Those who may be sent away: by what they have shown, each oldest first. */
class Queue {
  /** How many are inside, with those who stay. */
  count = 0;
  readonly #strangers = new Set<Visitor>();
  readonly #promoted = new Set<Visitor>();

  add(visitor: Visitor, isPromoted: boolean) {
    (isPromoted ? this.#promoted : this.#strangers).add(visitor);
  }

  delete(visitor: Visitor) {
    this.#strangers.delete(visitor);
    this.#promoted.delete(visitor);
  }

  /** Sends the first one away; whether there was one. */
  makeRoom(): boolean {
    const first = this.#strangers.values().next().value ?? this.#promoted.values().next().value;
    first?.makeWay();
    return first !== undefined;
  }
}

/** What becomes of a {@linkcode Visitor}. */
interface Ends {
  readonly sendAway: (() => void) | undefined;
  readonly onDepart: () => void;
  readonly onLeave: () => void;
}

/** Somebody who is inside, and the queues in which he stands. */
class Visitor implements Place {
  readonly #queues: readonly Queue[];
  readonly #ends: Ends;
  #isInside = true;
  #hasLeft = false;
  #isKept = false;
  #isPromoted = false;

  constructor(queues: readonly Queue[], ends: Ends) {
    this.#queues = queues;
    this.#ends = ends;
    for (const queue of queues) queue.count++;
    if (ends.sendAway) this.#stand(false);
    else this.#isKept = true;
  }

  #stand(isPromoted: boolean) {
    for (const queue of this.#queues) queue.add(this, isPromoted);
  }

  #stepOut() {
    for (const queue of this.#queues) queue.delete(this);
  }

  #depart() {
    if (!this.#isInside) return;
    this.#isInside = false;
    this.#stepOut();
    for (const queue of this.#queues) queue.count--;
    this.#ends.onDepart();
  }

  readonly promote = () => {
    if (!this.#isInside || this.#isKept || this.#isPromoted) return;
    this.#isPromoted = true; // for good: asking again does not make him younger
    this.#stepOut();
    this.#stand(true);
  };

  readonly keep = () => {
    if (this.#isKept) return;
    this.#isKept = true;
    this.#stepOut();
  };

  readonly leave = () => {
    this.#depart();
    if (!this.#hasLeft) this.#ends.onLeave();
    this.#hasLeft = true;
  };

  makeWay() {
    this.#depart();
    this.#ends.sendAway?.();
  }
}

/**
 * How many are inside, in all and for each network. Where it is full, whoever came first and has shown nothing makes room: an
 * honest peer has shown something a round trip later, a flood has not.
 */
export class Occupancy {
  readonly #max: number;
  readonly #maxPerNetwork: number;
  readonly #share: OccupancyOptions["share"];
  readonly #networks = new Map<string, Queue>();
  readonly #all = new Queue();

  constructor(max: number, maxPerNetwork: number, { share }: OccupancyOptions = {}) {
    this.#max = max;
    this.#maxPerNetwork = maxPerNetwork;
    this.#share = share;
  }

  /**
   * Lets one in; `null` where it is full of those who stay.
   *
   * @param sendAway Called when he has to make room, and is to {@linkcode Place.leave} then. Without it he stays.
   * @param isOneOfMany Nobody of his network has to make room for him.
   */
  enter(address: string, sendAway?: () => void, isOneOfMany = false): Place | null {
    const [key, all, share] = [subscriberPrefix(address), this.#all, this.#share];
    const own = this.#networks.get(key);
    if (own && own.count >= this.#maxPerNetwork && (isOneOfMany || !own.makeRoom())) return null;
    if (all.count >= this.#max && !all.makeRoom()) return null;
    if (share && !share.take() && !(all.makeRoom() && share.take(true))) return null;
    const network = this.#networks.get(key) ?? new Queue();
    this.#networks.set(key, network);
    return new Visitor([all, network], {
      sendAway,
      onDepart: () => network.count === 0 && this.#networks.delete(key),
      onLeave: () => share?.give(),
    });
  }
}
