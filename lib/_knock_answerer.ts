import { dialable, type LocalCandidates } from "./candidates/mod.ts";
import type { Gate } from "./_gate.ts";
import type { Knock } from "./discovery/mod.ts";
import {
  addressFamily,
  addressScope,
  type Candidate,
  type Endpoint,
  formatEndpoint,
  isGlobalIPv4,
  subscriberPrefix,
} from "./endpoint.ts";
import { natOf } from "./nat.ts";
import type { OnProgress } from "./progress.ts";
import { dialPersistently, outlook, PUNCH_WINDOW_MS, type PunchPort } from "./punch/mod.ts";
import { ServingTactics } from "./_serving_tactics.ts";

/** Dials under way at once: a punch lasts up to 10 s, and each holds a descriptor. */
const MAX_DIALS = 128;
/** Endpoints of one knock that are dialled. */
const MAX_DIALS_PER_KNOCK = 8;
/**
 * An endpoint for which nobody vouches may be a third party's, who must not be flooded: it is given up once it has refused so
 * often. Two peers that refuse each other's SYNs meet within the first few.
 */
const MAX_REDIALS_UNVOUCHED = 16;
/** Addresses for which the DHT's nodes vouched of late, and knocks that wait for it. */
const MAX_REMEMBERED = 256;
/** How long they count: an announcement and a sealed knock of one peer come within seconds. */
const REMEMBERED_MS = 30_000;

/** What a {@linkcode KnockAnswerer} works with. */
export interface KnockAnswererOptions {
  readonly port: PunchPort;
  readonly gate: Gate;
  /** Our own situation now. */
  readonly vantage: () => LocalCandidates;
  readonly report: OnProgress;
  /** Observers of our NAT. */
  readonly servers: () => Promise<readonly Endpoint[]>;
  /** Publishes the external ports from which we dial whoever knocked, where the knock says no other way. */
  readonly answer: (ports: readonly number[]) => void;
}

/** Punches towards whoever knocks. */
export class KnockAnswerer implements AsyncDisposable {
  readonly #options: KnockAnswererOptions;
  readonly #closing = new AbortController();
  readonly #dials = new Map<string, Promise<void>>();
  readonly #tactics: ServingTactics;
  readonly #verified = new Map<string, number>();
  readonly #waiting = new Map<string, { readonly knock: Knock; readonly at: number }>();

  constructor(options: KnockAnswererOptions) {
    this.#options = options;
    this.#tactics = new ServingTactics(options);
  }

  /**
   * Dials the endpoints of a knock from our port, in the background. This never throws.
   *
   * Whoever knocks may name anybody. Nobody is dialled at that word alone: the DHT's nodes must have seen an announcement come
   * from one of the addresses, or it came over a connection from there; of others only those are dialled that no third party
   * on IPv4 can have, and not for long.
   */
  answer(knock: Knock): void {
    if (this.#closing.signal.aborted) return;
    if (knock.from !== undefined) return this.#dial(knock, [knock.from]);
    const addresses = [...new Set(knock.candidates.map((c) => c.hostname))];
    if (knock.via === "announce") {
      this.#dial(knock, addresses);
      for (const address of addresses) this.#vouch(address);
      return;
    }
    const verified = addresses.filter((address) => isRecent(this.#verified.get(address)));
    if (verified.length > 0) return this.#dial(knock, verified);
    const waiting = { knock, at: performance.now() };
    for (const address of addresses) remember(this.#waiting, address, waiting);
  }

  /** A node of the DHT has seen an announcement come from there. */
  #vouch(address: string): void {
    remember(this.#verified, address, performance.now());
    const waiting = this.#waiting.get(address);
    this.#waiting.delete(address);
    if (waiting && isRecent(waiting.at)) this.#dial(waiting.knock, [address]);
  }

  #dial({ answer, candidates, nat, ports, via }: Knock, verified: readonly string[]): void {
    const { vantage, report } = this.#options;
    const own = vantage();
    const vouched = new Set(verified.map(subscriberPrefix));
    const isVouched = ({ hostname }: Endpoint) => vouched.has(subscriberPrefix(hostname));
    const named = candidates.filter((c) => isVouched(c) || mayBeAnothers(c, via));
    const addresses = via === "announce" || via === "control" ? verified : [];
    const allowed = dialable(named, own, { addresses, chosen: false });
    this.#dialAll(allowed, via, isVouched);
    // Whoever announces himself and no more has a port that he knows. Who meets a sequence always says more.
    const peer = nat ?? (own.nat.mapping === "sequential" ? undefined : natOf("preserving"));
    if (!peer) return;
    const known = allowed.map(asCandidate);
    const view = outlook(own.nat, peer, { ownCandidates: own.candidates, peerCandidates: known });
    const { strategy, odds, reason } = view;
    if (strategy === "plain") return;
    report({ type: "strategy", strategy, odds, reason });
    const remote = known.find((c) => c.kind === "reflexive" && addressFamily(c.hostname) === 4);
    if (strategy === "none" || !remote) return;
    const told = { ...(ports && { ports }), ...(answer && { answer }) };
    this.#tactics.start({ outlook: view, own: own.nat, peer, remote, ...told });
  }

  #dialAll(
    allowed: readonly Endpoint[],
    via: Knock["via"],
    isVouched: (endpoint: Endpoint) => boolean,
  ): void {
    const targets = allowed.filter((e) => !this.#dials.has(formatEndpoint(e)))
      .slice(0, Math.min(MAX_DIALS_PER_KNOCK, MAX_DIALS - this.#dials.size));
    if (targets.length === 0) return;
    this.#options.report({ type: "knocked", via, from: targets.map(formatEndpoint) });
    for (const target of targets) {
      const key = formatEndpoint(target);
      const maxRedials = isVouched(target) ? Infinity : MAX_REDIALS_UNVOUCHED;
      this.#dials.set(key, this.#dialOne(target, maxRedials).finally(() => this.#dials.delete(key)));
    }
  }

  /** Until the window ends, or a path from there is in use: it may have been opened by the other side's SYN. */
  async #dialOne(target: Endpoint, maxRedials: number) {
    const { port, gate } = this.#options;
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), PUNCH_WINDOW_MS);
    const stopWaiting = gate.onPath(formatEndpoint(target), () => over.abort());
    try {
      const signal = AbortSignal.any([over.signal, this.#closing.signal]);
      gate.admit(await dialPersistently(port, target, { bound: true, signal, maxRedials }));
    } catch {
      /* no path this way: the connecting peer reports it */
    } finally {
      clearTimeout(timer);
      stopWaiting();
    }
  }

  /** Ends the punches under way. */
  async [Symbol.asyncDispose]() {
    this.#closing.abort();
    await Promise.all([...this.#dials.values(), this.#tactics[Symbol.asyncDispose]()]);
  }
}

/**
 * Whether an endpoint is dialled though nobody vouches for it. Of IPv6 the DHT, which we use over IPv4, can verify nothing: there
 * the rate limits have to do. Knocks over a connection have none, and where their sender is, the connection tells.
 */
function mayBeAnothers(endpoint: Endpoint, via: Knock["via"]): boolean {
  return via === "control" ? addressScope(endpoint.hostname) !== "global" : !isGlobalIPv4(endpoint);
}

function asCandidate(endpoint: Endpoint): Candidate {
  return { ...endpoint, kind: addressScope(endpoint.hostname) === "global" ? "reflexive" : "host" };
}

function isRecent(at: number | undefined): boolean {
  return at !== undefined && performance.now() - at < REMEMBERED_MS;
}

/** The newest last; the oldest makes room. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  if (map.size >= MAX_REMEMBERED) map.delete(map.keys().next().value!);
  map.set(key, value);
}
