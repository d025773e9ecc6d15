import { type LearnedNat, learnNat, lookAgain, needsObservation } from "./_nat_learner.ts";
import { interfaceAddresses, reflect } from "./candidates/mod.ts";
import type { Discovery } from "./discovery/mod.ts";
import type { Endpoint } from "./endpoint.ts";
import { Lookout } from "./_lookout.ts";
import { formatNat, type Nat } from "./nat.ts";
import { listObservers } from "./_observer_list.ts";
import type { PunchPort } from "./punch/mod.ts";

/** How long what was learnt holds. */
const LIFETIME_MS = 10 * 60_000;
/** A mapping that is not the local port must be kept in use, and an observer ends what is silent for 15 s. */
const KEEP_IN_USE_MS = 8000;

/** What a {@linkcode NatWatcher} works with. */
export interface NatWatcherOptions {
  readonly port: PunchPort;
  /** Knows of observers beside the servers. */
  readonly discovery: Pick<Discovery, "observers">;
  /** STUN servers, by name or address. */
  readonly servers: readonly Endpoint[];
}

/** How the network sees us by the DHT's votes, and this machine's addresses. */
export interface Votes {
  readonly nat: Nat;
  readonly publicAddress?: string;
  /** Of our UDP port, as most see it. */
  readonly publicPort?: number;
  readonly own: readonly string[];
  /** Whether all nodes that are heard use a port that strict firewalls let out: perhaps no others can be. */
  readonly isWalled: boolean;
}

/** DNS, web pages and NTP. */
const COMMON_PORTS: readonly number[] = [53, 80, 443, 123];
/** So many nodes must have been heard. */
const ENOUGH_HEARD = 2;

/** How the DHT's nodes see us. */
export function votesOf(discovery: Discovery): Votes {
  const own = interfaceAddresses().map(({ address }) => address);
  const observations = discovery.observations();
  const { observed, nat } = reflect(observations, discovery.port, own);
  const isWalled = observations.length >= ENOUGH_HEARD &&
    observations.every(({ observer }) => COMMON_PORTS.includes(observer.port));
  return {
    nat,
    own,
    isWalled,
    ...(observed ? { publicAddress: observed.hostname, publicPort: observed.port } : {}),
  };
}

/** Knows what our NAT does to TCP for as long as a port is open; asks servers only where the DHT's votes leave it open. */
export class NatWatcher implements AsyncDisposable {
  readonly #options: NatWatcherOptions;
  readonly #closing = new AbortController();
  readonly #lookout: Lookout;
  #servers: readonly Endpoint[] = [];
  #learned: LearnedNat | undefined;
  #address: string | undefined;
  /** Of UDP: if it changes, the router has most likely forgotten TCP's mapping, too. */
  #udpPort: number | undefined;
  #until = -Infinity;
  #hasLooked = false;
  /** The address by the votes, once it has been seen whether TCP goes out there, too. */
  #confirmed: string | undefined;
  #looking: Promise<boolean> | undefined;

  constructor(options: NatWatcherOptions) {
    this.#options = options;
    this.#lookout = new Lookout(options.port);
  }

  /** What servers saw; absent where none was asked, or none answered. */
  get learned(): LearnedNat | undefined {
    return this.#learned;
  }

  /** Whom to ask. */
  async observers(): Promise<Endpoint[]> {
    return await listObservers(this.#options.discovery, this.#options.servers, this.#closing.signal);
  }

  /** Looks again if it is time, once at a time. Gives whether something has changed. Never rejects. */
  look(votes: Votes): Promise<boolean> {
    return this.#looking ??= this.#look(votes).catch(() => false).finally(() => {
      this.#looking = undefined;
      this.#hasLooked = true;
    });
  }

  async #look({ nat, publicAddress, publicPort, own, isWalled }: Votes): Promise<boolean> {
    if (publicAddress === undefined) return this.#keep(undefined, publicAddress);
    if (!needsObservation(nat, isWalled)) return await this.#confirm(nat, publicAddress);
    this.#confirmed = undefined;
    const isElsewhere = publicAddress !== this.#address;
    const kept = !isElsewhere && this.#learned?.nat.mapping === "independent" ? this.#learned : undefined;
    const isMoved = kept !== undefined && publicPort !== this.#udpPort;
    this.#udpPort = publicPort;
    const isDue = isElsewhere || isMoved || performance.now() >= this.#until;
    if (!isDue || this.#options.servers.length === 0) return false;
    const { signal } = this.#closing;
    const around = { lookout: this.#lookout, signal };
    if (kept) {
      const again = await lookAgain(kept, { ...around, servers: this.#servers });
      if (again) return this.#keep(again, publicAddress);
    }
    this.#lookout[Symbol.dispose]();
    this.#servers = await this.observers();
    return this.#keep(
      await learnNat({ ...around, votes: nat, servers: this.#servers, own, isWalled }),
      publicAddress,
    );
  }

  /** Where the votes settle it: once for each address whether TCP goes out there, too. */
  async #confirm(votes: Nat, publicAddress: string): Promise<boolean> {
    if (publicAddress === this.#confirmed) return false;
    const mayWait = this.#hasLooked || votes.mapping === "open";
    this.#confirmed = mayWait ? publicAddress : undefined;
    const servers = mayWait ? await this.observers() : []; // the first look is waited for: it asks nobody
    const { signal } = this.#closing;
    const learned = await learnNat({ votes, servers, own: [], lookout: this.#lookout, signal });
    const isElsewhere = learned.external && learned.external.hostname !== publicAddress;
    return this.#keep(isElsewhere ? learned : undefined, publicAddress);
  }

  #keep(learned: LearnedNat | undefined, address: string | undefined): boolean {
    const before = describe(this.#learned);
    if (!learned) this.#lookout[Symbol.dispose]();
    this.#learned = learned;
    this.#address = address;
    const lifetime = learned?.nat.mapping === "independent" ? KEEP_IN_USE_MS : LIFETIME_MS;
    this.#until = learned ? performance.now() + lifetime : -Infinity; // the votes may change
    return describe(learned) !== before;
  }

  /** Ends the connections that are kept. */
  async [Symbol.asyncDispose]() {
    this.#closing.abort(new DOMException("The NAT is watched no longer", "AbortError"));
    await this.#looking;
    this.#lookout[Symbol.dispose]();
  }
}

function describe(learned: LearnedNat | undefined): string {
  return learned ? JSON.stringify([formatNat(learned.nat), learned.external]) : "";
}
