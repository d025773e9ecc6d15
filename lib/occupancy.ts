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
  /** Of whom, if not of all. */
  readonly network: string | undefined;
  /** How many are inside, with those who stay. */
  count = 0;
  readonly #strangers = new Set<Visitor>();
  readonly #promoted = new Set<Visitor>();

  constructor(network?: string) {
    this.network = network;
  }

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
  readonly onDepart: (own: Queue) => void;
  readonly onLeave: () => void;
}

/** Somebody who is inside, and the queues in which he stands. */
class Visitor implements Place {
  readonly #all: Queue;
  readonly #own: Queue;
  readonly #ends: Ends;
  #sendAway: (() => void) | undefined;
  #isInside = true;
  #hasLeft = false;
  #isKept = false;
  #isPromoted = false;

  constructor(all: Queue, own: Queue, ends: Ends, sendAway?: () => void) {
    this.#all = all;
    this.#own = own;
    this.#ends = ends;
    this.#sendAway = sendAway;
    all.count++;
    own.count++;
    if (sendAway) this.#stand(false);
    else this.#isKept = true;
  }

  #stand(isPromoted: boolean) {
    this.#all.add(this, isPromoted);
    this.#own.add(this, isPromoted);
  }

  #stepOut() {
    this.#all.delete(this);
    this.#own.delete(this);
  }

  #depart() {
    if (!this.#isInside) return;
    this.#isInside = false;
    this.#stepOut();
    this.#all.count--;
    this.#own.count--;
    this.#ends.onDepart(this.#own);
  }

  promote() {
    if (!this.#isInside || this.#isKept || this.#isPromoted) return;
    this.#isPromoted = true; // for good: asking again does not make him younger
    this.#stepOut();
    this.#stand(true);
  }

  keep() {
    if (this.#isKept) return;
    this.#isKept = true;
    this.#sendAway = undefined; // it may hold more than he does
    this.#stepOut();
  }

  leave() {
    this.#depart();
    if (!this.#hasLeft) this.#ends.onLeave();
    this.#hasLeft = true;
  }

  makeWay() {
    this.#depart();
    this.#sendAway?.();
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
  readonly #ends: Ends;

  constructor(max: number, maxPerNetwork: number, { share }: OccupancyOptions = {}) {
    this.#max = max;
    this.#maxPerNetwork = maxPerNetwork;
    this.#share = share;
    this.#ends = {
      onDepart: ({ count, network }) => count === 0 && this.#networks.delete(network!),
      onLeave: () => share?.give(),
    };
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
    const network = this.#networks.get(key) ?? new Queue(key);
    this.#networks.set(key, network);
    return new Visitor(all, network, this.#ends, sendAway);
  }
}
