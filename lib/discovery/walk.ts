/**
 * The walk: asks nodes ever closer to a target until the closest ones have answered.
 *
 * The library's own lookup waits 2 to 2.5 s for every dead node. Here an unanswered question soon frees its
 * place for another, and its answer still counts if it comes late.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import { lateAfterMs } from "./_patience.ts";
import type { Clock } from "./clock.ts";
import { CLOSEST_COUNT } from "./contacts.ts";
import { idWithin } from "./density.ts";
import { type ListedNode, Shortlist } from "./shortlist.ts";
import type { Contact, Reply, WalkOptions } from "./types.ts";

/** Questions under way at once: the closest eight are asked in one go. */
const PARALLEL = 8;
/** With those that are late, and most likely dead. */
const MAX_PARALLEL = 3 * PARALLEL;
/** After this an unanswered question no longer holds its place. */
export const STALL_MS = 600;
/** So many more nodes than wanted are not there by chance. */
const CROWD = 4;
/** As `distance()` writes it. */
const FARTHEST = "f".repeat(40);
/** An end for walks that are led astray by made-up nodes. An honest one takes 15 to 60. */
const MAX_QUERIES = 150;

/** What a walk needs. */
export interface WalkOrigin {
  readonly clock: Clock;
  /** Asks one node for what is nearer to the target; rejects when it does not answer in the end. */
  ask(to: Endpoint): Promise<Reply>;
  /** Whether more places to begin with may still come by {@linkcode Walk.offer}. */
  expectsMore(): boolean;
  /** Whether a contact is ourselves. */
  isSelf(contact: Contact): boolean;
  /** See {@linkcode Shortlist}. */
  readonly reach?: string | undefined;
}

/** One walk under way. */
export class Walk {
  readonly #origin: WalkOrigin;
  readonly #options: WalkOptions;
  readonly #result = Promise.withResolvers<Reply[]>();
  readonly #target: Uint8Array;
  readonly #list: Shortlist;
  #isSettled = false;
  #inFlight = 0;
  #queries = 0;
  #over = false;
  readonly #cancelTimers = new Set<() => void>();
  #cancelPatience: (() => void) | undefined;

  /** Prepares to begin at `places`; {@linkcode Walk.run} begins. */
  constructor(
    target: Uint8Array,
    places: readonly (Endpoint | Contact)[],
    origin: WalkOrigin,
    options: WalkOptions = {},
  ) {
    this.#target = target;
    this.#list = new Shortlist(target, origin.reach, options.count ?? CLOSEST_COUNT);
    this.#origin = origin;
    this.#options = options;
    for (const place of places) this.#add(place);
  }

  /** Walks, and gives the replies of the closest nodes, closest first. Rejects only with `signal.reason`. */
  async run(): Promise<Reply[]> {
    const { signal } = this.#options;
    const onAbort = () => this.cancel(signal!.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.step();
    try {
      return await this.#result.promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Ends the walk: it rejects with `reason`. */
  cancel(reason: unknown): void {
    this.#finish();
    this.#result.reject(reason);
  }

  /** More places to begin with, or nodes that were heard of elsewhere; `by` whom, where it was a node of this walk. */
  offer(places: readonly (Endpoint | Contact)[], by?: Endpoint): void {
    for (const place of places) this.#add(place, by);
    this.step();
  }

  /** A random id that is as close to the target as the nodes that the walk is about; any while it does not know enough. */
  beside(): Uint8Array {
    const reach = this.#list.window(isHopeful)[this.#list.count - 1]?.distance ?? FARTHEST;
    return idWithin(this.#target, reach, this.#origin.clock.random);
  }

  /** Looks again at what there is to do; called when {@linkcode WalkOrigin.expectsMore} has changed. */
  step(): void {
    for (let next = this.#next(); next && this.#hasRoom() && !this.#over; next = this.#next()) {
      this.#ask(next);
    }
    this.#tellIfSettled();
    if (!this.#over && this.#isComplete()) {
      this.#finish();
      this.#result.resolve(this.#closestReplies());
    }
  }

  #add(place: Endpoint | Contact, by?: Endpoint): void {
    if ("id" in place && this.#origin.isSelf(place)) return;
    this.#list.add(place, by && this.#list.nodeAt(by));
  }

  #hasRoom(): boolean {
    const late = this.#list.nodes.filter((node) => node.state === "asked" && node.isLate).length;
    return this.#inFlight < MAX_PARALLEL && this.#inFlight - late < PARALLEL;
  }

  /** Places of unknown id first, in half of the slots; else those that the walk is about. */
  #next(): ListedNode | undefined {
    if (this.#queries >= MAX_QUERIES) return undefined;
    const places = this.#list.nodes.filter((node) => node.distance === "");
    const place = places.find((node) => node.state === "fresh");
    const crowded = places.filter((node) => node.state === "asked").length >= PARALLEL / 2;
    if (place && !crowded) return place;
    return this.#list.window(isPrompt).find((node) => node.state === "fresh") ?? place;
  }

  /** Tells once, before those that are late have answered or are given up. */
  #tellIfSettled(): void {
    if (this.#isSettled || this.#over) return;
    const window = this.#list.window(isPrompt);
    if (window.length === 0 || window.some((node) => node.state !== "answered")) return;
    const isWaiting = this.#list.nodes.some((node) => node.state === "asked" && !node.isLate);
    if (window.length < this.#list.count && (isWaiting || this.#origin.expectsMore())) return;
    this.#isSettled = true;
    this.#options.onSettled?.();
  }

  #ask(node: ListedNode): void {
    node.state = "asked";
    node.askedAt = this.#origin.clock.now();
    this.#inFlight++;
    this.#queries++;
    const cancelLate = this.#after(this.#lateMs(), () => {
      node.isLate = true;
      this.#list.failed(node);
      this.step();
    });
    const cancelStall = this.#after(STALL_MS, () => {
      node.state = "stalled";
      this.#inFlight--;
      this.step();
    });
    const settle = (state: ListedNode["state"], reply?: Reply) => {
      cancelLate();
      cancelStall();
      node.isLate = false;
      if (node.state === "asked") this.#inFlight--;
      node.state = state;
      if (reply && !this.#over) this.#take(node, reply);
      else this.#list.failed(node);
      this.step();
    };
    this.#origin.ask(node.endpoint).then((reply) => settle("answered", reply), () => settle("dead"));
  }

  #take(node: ListedNode, reply: Reply): void {
    this.#list.answered(node, reply, (contact) => this.#origin.isSelf(contact));
    try {
      if (this.#options.onReply?.(reply, this.#isCrowded()) !== true) return;
      this.#finish();
      this.#result.resolve(this.#closestReplies());
    } catch (error) {
      this.cancel(error); // the caller's own, so the caller gets it
    }
  }

  #isCrowded(): boolean {
    return this.#list.window(isHopeful).length > this.#list.count + CROWD;
  }

  #isComplete(): boolean {
    const window = this.#list.window(isHopeful);
    if (window.some((node) => node.state !== "answered")) {
      return this.#queries >= MAX_QUERIES && this.#inFlight === 0;
    }
    const isFull = window.length >= this.#list.count;
    if (!isFull && this.#list.nodes.some((node) => node.state === "asked")) return false;
    if (!isFull && this.#origin.expectsMore()) return false;
    return !this.#waitForStalled(isFull ? window.at(-1)!.distance : undefined);
  }

  /** Whether nodes closer than `limit` that are late deserve some more time, in a network as slow as this one. */
  #waitForStalled(limit: string | undefined): boolean {
    const patience = lateAfterMs(this.#medianRtt() ?? Infinity);
    const now = this.#origin.clock.now();
    const waits = this.#list.nodes
      .filter((c) => c.state === "stalled" && (limit === undefined || c.distance < limit))
      .map((c) => c.askedAt + patience - now)
      .filter((wait) => wait > 0);
    if (waits.length === 0) return false;
    const longest = Math.max(...waits);
    this.#cancelPatience?.();
    if (longest < Infinity) this.#cancelPatience = this.#after(longest, () => this.step());
    return true; // else until the question itself times out
  }

  #lateMs(): number {
    const median = this.#medianRtt();
    return median === undefined ? STALL_MS / 2 : lateAfterMs(median);
  }

  #medianRtt(): number | undefined {
    const rtts = this.#list.nodes.filter((node) => node.reply).map((node) => node.reply!.rttMs).sort((a, b) =>
      a - b
    );
    return rtts[rtts.length >> 1];
  }

  #closestReplies(): Reply[] {
    return this.#list.window((node) => node.reply !== undefined).map((node) => node.reply!);
  }

  #after(ms: number, run: () => void): () => void {
    const cancel = this.#origin.clock.schedule(ms, () => {
      this.#cancelTimers.delete(cancel);
      run();
    });
    this.#cancelTimers.add(cancel);
    return () => {
      cancel();
      this.#cancelTimers.delete(cancel);
    };
  }

  #finish(): void {
    this.#over = true;
    for (const cancel of this.#cancelTimers) cancel();
    this.#cancelTimers.clear();
  }
}

/** Whether a node has answered or still may. */
function isHopeful({ state }: ListedNode): boolean {
  return state !== "stalled" && state !== "dead";
}

/** Whether it may, and in the usual time. */
function isPrompt(node: ListedNode): boolean {
  return isHopeful(node) && !node.isLate;
}
