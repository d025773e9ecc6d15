import type { Endpoint } from "../endpoint.ts";
import { byDistance, CLOSEST_COUNT, MAX_HOLDERS } from "./contacts.ts";
import { FollowUps } from "./_follow_ups.ts";
import type { Bootstrap } from "./bootstrap.ts";
import { Coverage } from "./coverage.ts";
import { reachOf } from "./density.ts";
import type { Presence } from "./presence.ts";
import type { Contact, Reply, WalkOptions } from "./types.ts";
import { Walk, type WalkOrigin } from "./walk.ts";

/** Walks that fill the table of a node that has just joined, before it takes its time. */
const MAX_FIRST_WALKS = 6;

/** What {@linkcode Walks} needs. */
export interface WalksDeps extends Pick<WalkOrigin, "clock"> {
  readonly presence: Presence;
  readonly bootstrap: Bootstrap;
  /** Nodes of the last run. */
  readonly known: readonly Contact[];
  /** Asks one node. */
  ask(to: Endpoint, method: string, args: Record<string, unknown>): Promise<Reply>;
}

/** All walks that are under way: each hears of what the others find. */
export class Walks {
  readonly #deps: WalksDeps;
  readonly #coverage: Coverage;
  readonly #active = new Set<Walk>();

  /** Starts nothing yet. */
  constructor(deps: WalksDeps) {
    this.#deps = deps;
    this.#coverage = new Coverage(deps.clock);
  }

  /** Walks towards `target`, asking `method` on the way. Rejects only with `signal.reason`, or when cancelled. */
  async run(method: string, target: Uint8Array, options: WalkOptions): Promise<Reply[]> {
    const { clock, presence, bootstrap } = this.#deps;
    const args = lookupArguments(method, target);
    const isWide = (options.count ?? 0) > CLOSEST_COUNT;
    using followUps = new FollowUps(clock, (nodes, from) => walk.offer(nodes, from));
    const findNode = (to: Endpoint, near: Uint8Array) => this.#deps.ask(to, "find_node", { target: near });
    const walk = new Walk(target, this.#places(target), {
      clock,
      ask: async (to) => {
        const reply = await this.#deps.ask(to, method, args);
        if (isReticent(reply)) followUps.add(findNode(to, target), reply.rttMs);
        // All name the same eight as the closest to the target: the others are found by looking beside it.
        if (isWide) followUps.add(findNode(to, walk.beside()), reply.rttMs);
        return reply;
      },
      // The search for neighbours is a walk itself (`find_node`) and must not wait for its own end.
      expectsMore: () =>
        followUps.areOpen || bootstrap.isResolving || method !== "find_node" && bootstrap.isJoining,
      isSelf: (contact) => presence.isSelf(contact),
      reach: reachOf(presence.table),
    }, options);
    this.#active.add(walk);
    try {
      return await walk.run();
    } finally {
      this.#active.delete(walk);
    }
  }

  /** Makes neighbours, and if we are one to be asked, acquaintances everywhere. */
  async join(signal: AbortSignal): Promise<void> {
    const { presence } = this.#deps;
    await this.run("find_node", presence.id, { signal });
    for (let i = 0; i < MAX_FIRST_WALKS && !presence.readOnly && await this.explore(signal); i++);
  }

  /** Walks to a part of the id space that we know too little of, if there is one. Says whether it did. */
  async explore(signal: AbortSignal): Promise<boolean> {
    const target = this.#coverage.next(this.#deps.presence.table);
    if (target) await this.run("find_node", target, { signal });
    return target !== undefined;
  }

  /** A place to begin with or a living node turned up. */
  offer(place: Endpoint | Contact): void {
    for (const walk of this.#active) walk.offer([place]);
  }

  /** No more places to begin with will turn up for now. */
  settle(): void {
    for (const walk of this.#active) walk.step();
  }

  /** Ends all of them. */
  cancel(reason: unknown): void {
    for (const walk of this.#active) walk.cancel(reason);
  }

  /** Where a walk begins. While there are few neighbours, bootstrap nodes are asked the question itself. */
  #places(target: Uint8Array): (Endpoint | Contact)[] {
    const { presence, bootstrap, known } = this.#deps;
    const near = presence.table.closest(target, MAX_HOLDERS, { confirmed: true });
    if (near.length >= CLOSEST_COUNT && bootstrap.isOnline) return near;
    const old = known.toSorted(byDistance(target)).slice(0, 2 * CLOSEST_COUNT);
    const unproven = presence.table.closest(target, 2 * CLOSEST_COUNT);
    return [...near, ...bootstrap.places(), ...old, ...unproven];
  }
}

/** Stock `bittorrent-dht` nodes that hold a value tell of no nodes: walks past them would end in a corner. */
function isReticent({ nodes, values, item }: Reply): boolean {
  return nodes.length === 0 && (values.length > 0 || item !== undefined);
}

/** `get_peers` has another name for the target than `get` and `find_node`. */
export function lookupArguments(method: string, target: Uint8Array): Record<string, unknown> {
  return method === "get_peers" ? { info_hash: target } : { target };
}
