/**
 * A port that the router maps for us, by PCP or NAT-PMP, for as long as it is wanted.
 *
 * @module
 */
import { delay } from "@std/async";
import { addressScope, type Candidate, isPort } from "../../endpoint.ts";
import { type Claim, type MappingProtocol, request } from "./_protocols.ts";
import { type Gateway, gateways } from "./gateways.ts";

/** Seconds: the mapping of a process that was killed ends by itself after two hours. */
const LIFETIME_S = 7200;
/** A router that was switched off and on has forgotten it: asking again, in two packets, makes it anew. */
const RENEW_MS = 60_000;
/** A router that refuses, or that is not there, may be another one later. */
const RETRY_MS = 10 * 60_000;
/** How long the removal at the end may take. */
const REMOVAL_MS = 1000;
/** A mapping to lower ports is refused, and makes some routers silent. */
const LOWEST_PORT = 1024;

/** How it stands with one protocol at one router. */
export interface MappingState {
  readonly protocol: MappingProtocol;
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
  /** The routers. @default {gateways()} */
  readonly gateways?: readonly Gateway[];
  /** Where they listen, for tests. @default {5351} */
  readonly routerPort?: number;
  /** Between renewals, for tests. @default {60_000} */
  readonly renewMs?: number;
}

/** A mapping that is kept. */
export interface PortMapping extends AsyncDisposable {
  /** The external endpoint; absent while there is none that is of use. */
  readonly mapped: Candidate | undefined;
  /** What each router said to each protocol. */
  readonly states: readonly MappingState[];
}

/** Asks the routers for a mapping in the background, and keeps it until disposed of. Never waits, never throws. */
export function openPortMapping(options: PortMappingOptions): PortMapping {
  return new PortMapper(options);
}

class PortMapper implements PortMapping {
  readonly #options: PortMappingOptions;
  readonly #closing = new AbortController();
  readonly #states = new Map<Claim, MappingState["state"]>();
  readonly #keeping: Promise<unknown>;
  #mapped: Candidate | undefined;

  constructor(options: PortMappingOptions) {
    this.#options = options;
    const { port, gateways: routers = gateways() } = options;
    const usable = isPort(port) && port >= LOWEST_PORT;
    this.#keeping = Promise.all(usable ? routers.map((gateway) => this.#keep(gateway).catch(() => {})) : []);
  }

  get mapped(): Candidate | undefined {
    return this.#mapped;
  }

  get states(): MappingState[] {
    return [...this.#states].map(([{ protocol, gateway }, state]) => ({
      protocol,
      gateway: gateway.hostname,
      state,
    }));
  }

  /** Both protocols, the newer one first: most routers that know one know the other, and hold one mapping for both. */
  async #keep(gateway: Gateway): Promise<never> {
    const { port, renewMs = RENEW_MS, routerPort } = this.#options;
    const { signal } = this.#closing;
    const claims = (["pcp", "nat-pmp"] as const).map((protocol): Claim => ({
      ...{ protocol, gateway, port, nonce: crypto.getRandomValues(new Uint8Array(12)) },
      ...(routerPort ? { routerPort } : {}),
    }));
    for (;;) {
      let held: Claim | undefined;
      for (const claim of claims) {
        if (await this.#claim(claim)) {
          held = claim;
          break;
        }
      }
      if (!held) this.#set(undefined, gateway);
      await delay(held ? renewMs : RETRY_MS, { signal });
    }
  }

  /** Asks once. Gives whether there is a mapping that is of use. Rejects when closed. */
  async #claim(claim: Claim): Promise<boolean> {
    const { signal } = this.#closing;
    if (!this.#states.has(claim)) this.#states.set(claim, "asking");
    const answer = await request(claim, {
      signal,
      lifetime: LIFETIME_S,
      ...(this.#mapped ? { suggested: this.#mapped } : {}),
    });
    const state = answer === null
      ? "silent"
      : "refused" in answer
      ? "refused"
      : this.#judge(answer.external.hostname);
    this.#states.set(claim, state);
    if (!answer || "refused" in answer) return false;
    if (state !== "mapped" || !isPort(answer.external.port)) {
      await request(claim, { signal, lifetime: 0 });
      return false;
    }
    this.#set({ kind: "mapped", ...answer.external }, claim.gateway);
    return true;
  }

  /** A router knows only its own side of the way. */
  #judge(address: string): MappingState["state"] {
    if (addressScope(address) !== "global") return "useless";
    const seen = this.#options.publicAddress();
    return seen === undefined || seen === address ? "mapped" : "lying";
  }

  #holder: Gateway | undefined;

  #set(mapped: Candidate | undefined, gateway: Gateway): void {
    if (mapped === undefined && this.#holder !== gateway) return;
    const isNew = mapped?.port !== this.#mapped?.port || mapped?.hostname !== this.#mapped?.hostname;
    this.#mapped = mapped;
    this.#holder = mapped && gateway;
    if (isNew) this.#options.onChange?.();
  }

  /** Has the mapping removed, if that takes no longer than a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return void await this.#keeping;
    const held = [...this.#states].filter(([, state]) => state === "mapped").map(([claim]) => claim);
    this.#closing.abort(new DOMException("The mapping is wanted no longer", "AbortError"));
    await this.#keeping;
    const signal = AbortSignal.timeout(REMOVAL_MS);
    await Promise.allSettled(held.map((claim) => request(claim, { signal, lifetime: 0 })));
  }
}
