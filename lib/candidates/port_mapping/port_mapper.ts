/**
 * A port that the router maps for us, by whichever protocol it knows, for as long as it is wanted.
 *
 * @module
 */
import { delay } from "@std/async";
import { addressScope, type Candidate, type Endpoint, isPort, sameEndpoint } from "../../endpoint.ts";
import { type Claim, claimsAt, type MappingProtocol } from "./_protocols.ts";
import { inTurn } from "./_turns.ts";
import { type Gateway, gateways } from "./gateways.ts";

/** Seconds: the mapping of a process that was killed ends by itself after two hours. */
const LIFETIME_S = 7200;
/** A router that was switched off and on has forgotten it: asking again, in two packets, makes it anew. */
const RENEW_MS = 60_000;
/** A router that has refused, or that is not there, may be another one later. */
const RETRY_MS = 10 * 60_000;
/** While nobody has said what our address is, whether the router told the truth is looked at soon, then ever later. */
const FIRST_REVIEW_MS = 1000;
/** How long the removal at the end may take. */
const REMOVAL_MS = 1000;
/** And that of a mapping of which we do not know whether there is one: the router has not answered yet. */
const DOUBTFUL_REMOVAL_MS = 100;
/** A mapping to lower ports is refused, and makes some routers silent. */
const LOWEST_PORT = 1024;

/** How it stands with one protocol at one router. */
export interface MappingState {
  /** How it was asked. */
  readonly protocol: MappingProtocol;
  /** The router's own address. */
  readonly gateway: string;
  /**
   * `useless`: the router's own external address is a private one, another NAT stands before it; `lying`: it is not the one
   * that the network sees.
   */
  readonly state: "asking" | "mapped" | "silent" | "refused" | "useless" | "lying";
}

/** Options of {@linkcode openPortMapping}. */
export interface PortMappingOptions {
  /** The TCP port. */
  readonly port: number;
  /** Our address as the network sees it; absent while nobody has said. */
  readonly publicAddress: () => string | undefined;
  /** The mapping has come, changed or gone; must not throw. */
  readonly onChange?: () => void;
  /** There is a mapping, or every protocol has been tried at every router: called once; must not throw. */
  readonly onSettled?: () => void;
  /** The routers; found anew whenever none has a mapping. @default {gateways()} */
  readonly gateways?: readonly Gateway[];
  /** Where they listen, for tests. @default {5351, and 1900 for UPnP} */
  readonly routerPort?: number;
  /** Between renewals, for tests. @default {60_000} */
  readonly renewMs?: number;
}

/** A mapping that is kept. */
export interface PortMapping extends AsyncDisposable {
  /** The external endpoint; absent while there is none that is of use. */
  readonly mapped: Candidate | undefined;
  /** What each router said to each protocol that it was asked by. */
  readonly states: readonly MappingState[];
}

/** Asks the routers for a mapping in the background, and keeps it until disposed of. Never waits, never throws. */
export function openPortMapping(options: PortMappingOptions): PortMapping {
  return new PortMapper(options);
}

class PortMapper implements PortMapping {
  readonly #options: PortMappingOptions;
  readonly #closing = new AbortController();
  /** By router: a mapping is renewed by the claim that made it. */
  readonly #claims = new Map<string, Claim[]>();
  readonly #states = new Map<Claim, MappingState["state"]>();
  /** What routers hold for us. Two claims may have the same mapping: many routers have one list for all protocols. */
  readonly #granted = new Set<Claim>();
  /** Asked, and not yet answered. */
  readonly #doubtful = new Set<Claim>();
  readonly #keeping: Promise<void>;
  #held: { readonly claim: Claim; readonly external: Endpoint } | undefined;
  #announced: Endpoint | undefined;
  #hadOne = false;
  #reviewMs = FIRST_REVIEW_MS;
  #isSettled = false;

  constructor(options: PortMappingOptions) {
    this.#options = options;
    const usable = isPort(options.port) && options.port >= LOWEST_PORT;
    this.#keeping = usable ? this.#keep().catch(() => {}) : Promise.resolve().then(() => this.#settle());
  }

  get mapped(): Candidate | undefined {
    const external = this.#announced;
    return external && this.#judge(external) === "mapped" ? { kind: "mapped", ...external } : undefined;
  }

  get states(): MappingState[] {
    return [...this.#states].map(([claim, state]) => ({
      protocol: claim.protocol,
      gateway: claim.gateway.hostname,
      state: claim === this.#held?.claim ? this.#judge(this.#held.external) : state,
    }));
  }

  /** Rejects when closed. */
  async #keep(): Promise<never> {
    const { signal } = this.#closing;
    for (;;) {
      if (!await this.#renew()) await this.#askAll();
      this.#announce();
      this.#settle();
      await delay(this.#pauseMs(), { signal });
    }
  }

  /** Gives whether there still is a mapping that is of use. */
  async #renew(): Promise<boolean> {
    const held = this.#held;
    if (!held) return false;
    const external = await this.#ask(held.claim);
    this.#held = external && { claim: held.claim, external };
    return external !== undefined;
  }

  /** By all protocols, shortly one after the other, until there is a mapping. */
  async #askAll(): Promise<void> {
    const claims = this.#claimsNow();
    const { signal } = this.#closing;
    const protocols = Object.values(Object.groupBy(claims, ({ protocol }) => protocol));
    let gaveBack = false;
    await inTurn(
      protocols.map((group) => async (enough) => {
        const done = await Promise.all(group.map((claim) => this.#attempt(claim, enough)));
        gaveBack ||= done.includes("gave back");
      }),
      { signal },
    );
    // A router with one list for all protocols may have removed both.
    if (gaveBack) await this.#renew();
  }

  /** Asks once; a mapping beside the one that we hold is given back. */
  async #attempt(claim: Claim, enough: AbortController): Promise<"held" | "gave back" | "nothing"> {
    const external = await this.#ask(claim, enough.signal);
    if (!external) return "nothing";
    if (!this.#held) {
      this.#held = { claim, external };
      this.#hadOne = true;
      enough.abort();
      this.#announce();
      this.#settle();
    } else if (!sameEndpoint(this.#held.external, external)) {
      await this.#release(claim);
      this.#states.delete(claim);
      return "gave back";
    }
    return "held";
  }

  /** Gives the external endpoint, if there is one that is of use. Rejects when closed. */
  async #ask(claim: Claim, unless?: AbortSignal): Promise<Endpoint | undefined> {
    if (!this.#states.has(claim)) this.#states.set(claim, "asking");
    this.#doubtful.add(claim);
    const answer = await claim.request({
      ...{ lifetime: LIFETIME_S, suggested: this.#announced, signal: this.#closing.signal },
      ...(unless ? { unless } : {}),
    });
    this.#doubtful.delete(claim);
    if (answer === "unneeded") return void this.#states.delete(claim);
    if (answer === null) return void this.#states.set(claim, "silent");
    if ("refused" in answer) return void this.#states.set(claim, "refused");
    this.#granted.add(claim);
    const state = this.#judge(answer.external);
    this.#states.set(claim, state);
    if (state === "mapped") return answer.external;
    await this.#release(claim);
  }

  async #release(claim: Claim): Promise<void> {
    await claim.request({ lifetime: 0, signal: this.#closing.signal });
    this.#granted.delete(claim);
  }

  /** A router knows only its own side of the way. */
  #judge({ hostname, port }: Endpoint): MappingState["state"] {
    if (!isPort(port)) return "refused";
    if (addressScope(hostname) !== "global") return "useless";
    const seen = this.#options.publicAddress();
    return seen === undefined || seen === hostname ? "mapped" : "lying";
  }

  /** A claim for each protocol at each router of now; forgets what was said by those that are gone. */
  #claimsNow(): Claim[] {
    const { gateways: routers = gateways() } = this.#options;
    const names = new Map(routers.map((gateway) => [`${gateway.hostname} ${gateway.client}`, gateway]));
    for (const [name, gateway] of names) {
      if (!this.#claims.has(name)) this.#claims.set(name, claimsAt(gateway, this.#options));
    }
    for (const [name, claims] of this.#claims) {
      if (names.has(name)) continue;
      this.#claims.delete(name);
      for (const claim of claims) [this.#states, this.#granted].forEach((known) => known.delete(claim));
    }
    return [...this.#claims.values()].flat();
  }

  #announce(): void {
    const { external } = this.#held ?? {};
    const isNew = external?.port !== this.#announced?.port ||
      external?.hostname !== this.#announced?.hostname;
    this.#announced = external;
    if (isNew) this.#options.onChange?.();
  }

  #settle(): void {
    if (!this.#isSettled) this.#options.onSettled?.();
    this.#isSettled = true;
  }

  #pauseMs(): number {
    const { publicAddress, renewMs = RENEW_MS } = this.#options;
    // Where there has been one there will be one again: a router takes a minute to start.
    if (!this.#held) return this.#hadOne ? renewMs : RETRY_MS;
    if (publicAddress() !== undefined) return renewMs;
    this.#reviewMs = Math.min(2 * this.#reviewMs, renewMs);
    return this.#reviewMs / 2;
  }

  /** Has the mapping removed, if that takes no longer than a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new DOMException("The mapping is wanted no longer", "AbortError"));
    await this.#keeping;
    const granted = [...this.#granted];
    const doubtful = [...this.#doubtful.difference(this.#granted)];
    this.#granted.clear();
    this.#doubtful.clear();
    this.#held = this.#announced = undefined;
    await Promise.all([remove(granted, REMOVAL_MS), remove(doubtful, DOUBTFUL_REMOVAL_MS)]);
  }
}

async function remove(claims: readonly Claim[], withinMs: number): Promise<void> {
  const signal = AbortSignal.timeout(withinMs);
  await Promise.allSettled(claims.map((claim) => claim.request({ lifetime: 0, signal })));
}
