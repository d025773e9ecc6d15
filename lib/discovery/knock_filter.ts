/**
 * What becomes of an untrusted knock: nobody may make a serving peer punch where he likes, or as often as he likes.
 *
 * @module
 */
import {
  addressScope,
  type Endpoint,
  formatEndpoint,
  isPort,
  sameEndpoint,
  subscriberPrefix,
} from "../endpoint.ts";
import { Budget, Budgets, type Rate, Recent } from "./_limits.ts";
import { isPlausible } from "./contacts.ts";
import type { SealedKnock } from "./seal.ts";
import type { Knock, Observation } from "./types.ts";

/** Nodes go on listing an announcement for up to 45 min; it is new again when it was out of sight this long. */
const SEEN_MS = 15 * 60_000;
const MAX_SEEN = 4096;
/** Ports at one address: a household or a carrier's NAT may have several knocking at once. */
const PER_ADDRESS: Rate = { burst: 16, perSecond: 2 };
const MAX_ADDRESSES = 1024;
/** Of those who are proven to be there. Each knock announces two, as the port of the DHT socket is named as well. */
const PROVEN_PER_ADDRESS: Rate = { burst: 32, perSecond: 4 };
/** Of each kind, from everybody. What one kind wastes is not taken from the other. */
const ANNOUNCED: Rate = { burst: 64, perSecond: 8 };
const SEALED: Rate = { burst: 16, perSecond: 2 };

/** What a {@linkcode KnockFilter} needs. */
export interface KnockFilterOptions {
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** How others see us. */
  readonly observations: () => readonly Observation[];
  /** Our own endpoints: whoever names them is a fool or a trap. */
  readonly own: () => readonly Endpoint[];
  /** Each knock that passes. */
  readonly onKnock: (knock: Knock) => void;
}

/** Lets each knock through once, within limits. */
export class KnockFilter {
  readonly #options: KnockFilterOptions;
  readonly #seen: Recent;
  readonly #perAddress: Budgets;
  readonly #provenPerAddress: Budgets;
  readonly #announced: Budget;
  readonly #sealed: Budget;

  constructor(options: KnockFilterOptions) {
    const { now } = options;
    this.#options = options;
    this.#seen = new Recent(MAX_SEEN, SEEN_MS, now);
    this.#perAddress = new Budgets(PER_ADDRESS, MAX_ADDRESSES, now);
    this.#provenPerAddress = new Budgets(PROVEN_PER_ADDRESS, MAX_ADDRESSES, now);
    this.#announced = new Budget(ANNOUNCED, now);
    this.#sealed = new Budget(SEALED, now);
  }

  /**
   * Takes peers that have announced themselves. What exceeds a limit is not forgotten but passes later, since nodes go on
   * listing it; addresses take turns, so that one with many ports holds up no other.
   */
  announced(values: readonly Endpoint[], from: Endpoint): void {
    const fresh: Endpoint[] = [];
    for (const value of values) {
      const key = formatEndpoint(value);
      if (this.#seen.has(key)) this.#seen.add(key);
      else if (this.mayPunch(value, from)) fresh.push(value);
    }
    for (const value of takingTurns(fresh)) {
      if (this.#announced.isEmpty) return;
      if (!this.#provenPerAddress.take(subscriberPrefix(value.hostname))) continue;
      this.#announced.take();
      this.#seen.add(formatEndpoint(value));
      this.#report({ via: "announce", candidates: [value] });
    }
  }

  /** Takes an opened box that came from `from`: a node, or the sender itself. */
  sealed(
    { publicKey, candidates, nat, ports }: SealedKnock,
    via: "sealed" | "datagram",
    from: Endpoint,
  ): void {
    if (this.#sealed.isEmpty) return;
    const allowed = distinct(candidates)
      .filter((c) => this.mayPunch(c, from))
      .filter((c) => this.#perAddress.take(subscriberPrefix(c.hostname)));
    if (allowed.length === 0) return;
    this.#sealed.take();
    this.#report({ via, candidates: allowed, nat, publicKey, ...(ports && { ports }) });
  }

  #report(knock: Knock): void {
    try {
      this.#options.onKnock(knock);
    } catch {
      // promised not to throw; a packet's way must not end the process
    }
  }

  /**
   * Global addresses always; private and loopback ones where they can mean the same to both: the word comes from
   * inside (`from`), or others see us there too. That the sender shares our public address is no more than his
   * word, so it opens nothing.
   */
  mayPunch(target: Endpoint, from: Endpoint): boolean {
    const scope = addressScope(target.hostname);
    if (!isPort(target.port) || this.#options.own().some((own) => sameEndpoint(own, target))) return false;
    if (scope === "global") return true;
    if (scope !== "private" && scope !== "loopback") return false;
    return isPlausible(target, from) || this.#sharesScope(scope);
  }

  #sharesScope(scope: string): boolean {
    return this.#options.observations().some(({ observed }) => addressScope(observed.hostname) === scope);
  }
}

function distinct(endpoints: readonly Endpoint[]): Endpoint[] {
  return endpoints.filter((e, i) => endpoints.findIndex((other) => sameEndpoint(e, other)) === i);
}

/** The first of each address, then the second of each, and so on. */
function takingTurns(endpoints: readonly Endpoint[]): Endpoint[] {
  const byNetwork = Map.groupBy(endpoints, ({ hostname }) => subscriberPrefix(hostname));
  const longest = Math.max(0, ...[...byNetwork.values()].map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => [...byNetwork.values()].flatMap((list) => list[i] ?? []))
    .flat();
}
