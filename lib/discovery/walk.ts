/**
 * The walk: asks nodes ever closer to a target until the closest ones have answered.
 *
 * The library's own lookup waits 2 to 2.5 s for every dead node. Here an unanswered question soon frees its
 * place for another, and its answer still counts if it comes late.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import type { Clock } from "./clock.ts";
import { CLOSEST_COUNT, distance } from "./contacts.ts";
import type { Contact, Reply, WalkOptions } from "./types.ts";

/** Questions under way at once: the closest eight are asked in one go. */
const PARALLEL = 8;
/** After this an unanswered question no longer holds its place. */
export const STALL_MS = 600;
/** How many times the median round trip an answer may take before we look for another node as well. */
const PATIENCE = 3;
/** What the fastest network grants a node before it is late. */
const MIN_LATE_MS = 150;
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
}

type State = "fresh" | "asked" | "stalled" | "answered" | "dead";

interface Candidate {
  readonly endpoint: Endpoint;
  /** Empty for a place to begin with whose id is not known yet: those are asked first, in half of the slots. */
  readonly distance: string;
  state: State;
  /** Asked for longer than others take: another is asked beside it, though it is still waited for. */
  isLate: boolean;
  askedAt: number;
  reply?: Reply;
}

/** One walk under way. */
export class Walk {
  readonly #target: Uint8Array;
  readonly #origin: WalkOrigin;
  readonly #options: WalkOptions;
  readonly #result = Promise.withResolvers<Reply[]>();
  /** All candidates, closest first. */
  #candidates: Candidate[] = [];
  readonly #known = new Set<string>();
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

  /** More places to begin with, or nodes that were heard of elsewhere. */
  offer(places: readonly (Endpoint | Contact)[]): void {
    for (const place of places) this.#add(place);
    this.step();
  }

  /** Looks again at what there is to do; called when {@linkcode WalkOrigin.expectsMore} has changed. */
  step(): void {
    for (let next = this.#next(); next && this.#inFlight < PARALLEL && !this.#over; next = this.#next()) {
      this.#ask(next);
    }
    if (!this.#over && this.#isComplete()) {
      this.#finish();
      this.#result.resolve(this.#closestReplies());
    }
  }

  #add(place: Endpoint | Contact): void {
    const key = formatEndpoint(place);
    const id = "id" in place ? place.id : undefined;
    if (this.#known.has(key) || id && this.#origin.isSelf(place as Contact)) return;
    this.#known.add(key);
    const candidate: Candidate = {
      endpoint: { hostname: place.hostname, port: place.port },
      distance: id ? distance(id, this.#target) : "",
      state: "fresh",
      isLate: false,
      askedAt: 0,
    };
    this.#insert(candidate);
  }

  #insert(candidate: Candidate): void {
    const at = this.#candidates.findIndex((other) => other.distance > candidate.distance);
    this.#candidates.splice(at < 0 ? this.#candidates.length : at, 0, candidate);
  }

  #next(): Candidate | undefined {
    if (this.#queries >= MAX_QUERIES) return undefined;
    const places = this.#candidates.filter((c) => c.distance === "");
    const place = places.find((c) => c.state === "fresh");
    const crowded = places.filter((c) => c.state === "asked").length >= PARALLEL / 2;
    if (place && !crowded) return place;
    return this.#hopeful().filter((c) => !c.isLate).slice(0, CLOSEST_COUNT).find((c) =>
      c.state === "fresh"
    ) ?? place;
  }

  /** Nodes that have answered or still may. The walk is about the closest eight. */
  #hopeful(): Candidate[] {
    return this.#candidates.filter((c) => c.distance !== "" && c.state !== "stalled" && c.state !== "dead");
  }

  #ask(candidate: Candidate): void {
    candidate.state = "asked";
    candidate.askedAt = this.#origin.clock.now();
    this.#inFlight++;
    this.#queries++;
    const cancelLate = this.#after(this.#lateMs(), () => {
      candidate.isLate = true;
      this.step();
    });
    const cancelStall = this.#after(STALL_MS, () => {
      candidate.state = "stalled";
      this.#inFlight--;
      this.step();
    });
    const settle = (state: State, reply?: Reply) => {
      cancelLate();
      cancelStall();
      candidate.isLate = false;
      if (candidate.state === "asked") this.#inFlight--;
      candidate.state = state;
      if (reply && !this.#over) this.#take(candidate, reply);
      this.step();
    };
    this.#origin.ask(candidate.endpoint).then((reply) => settle("answered", reply), () => settle("dead"));
  }

  #take(candidate: Candidate, reply: Reply): void {
    // The id in the reply is the one that counts; a node may have lied about another's, or have changed.
    this.#candidates.splice(this.#candidates.indexOf(candidate), 1);
    const nearer = distance(reply.from.id, this.#target);
    if (!this.#origin.isSelf(reply.from)) this.#insert({ ...candidate, distance: nearer, reply });
    for (const node of reply.nodes) this.#add(node);
    try {
      if (this.#options.onReply?.(reply) !== true) return;
      this.#finish();
      this.#result.resolve(this.#closestReplies());
    } catch (error) {
      this.cancel(error); // the caller's own, so the caller gets it
    }
  }

  #isComplete(): boolean {
    const window = this.#hopeful().slice(0, CLOSEST_COUNT);
    if (window.some((c) => c.state !== "answered")) {
      return this.#queries >= MAX_QUERIES && this.#inFlight === 0;
    }
    const isFull = window.length === CLOSEST_COUNT;
    if (!isFull && this.#candidates.some((c) => c.state === "asked")) return false;
    if (!isFull && this.#origin.expectsMore()) return false;
    return !this.#waitForStalled(isFull ? window.at(-1)!.distance : undefined);
  }

  /** Whether nodes closer than `limit` that are late deserve some more time, in a network as slow as this one. */
  #waitForStalled(limit: string | undefined): boolean {
    const patience = PATIENCE * (this.#medianRtt() ?? Infinity);
    const now = this.#origin.clock.now();
    const waits = this.#candidates
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
    return median === undefined ? STALL_MS / 2 : Math.max(PATIENCE * median, MIN_LATE_MS);
  }

  #medianRtt(): number | undefined {
    const rtts = this.#candidates.filter((c) => c.reply).map((c) => c.reply!.rttMs).sort((a, b) => a - b);
    return rtts[rtts.length >> 1];
  }

  #closestReplies(): Reply[] {
    return this.#candidates.filter((c) => c.reply).slice(0, CLOSEST_COUNT).map((c) => c.reply!);
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
