import { delay } from "@std/async";
import { dialable, type LocalCandidates } from "./candidates/mod.ts";
import { type CheckedPath, checkPath } from "./check/mod.ts";
import type { ControlChannel } from "./control/mod.ts";
import type { Discovery, Resolution, ServiceRecord } from "./discovery/mod.ts";
import {
  type Candidate,
  canonicalAddress,
  type Endpoint,
  formatEndpoint,
  isGlobalIPv4,
  sameEndpoint,
} from "./endpoint.ts";
import { PeerError } from "./errors.ts";
import { formatNat } from "./nat.ts";
import { openOwnSide } from "./_own_side.ts";
import { type RunningTactic, startTactic } from "./_connecting_tactic.ts";
import { aborted } from "./_tactics.ts";
import { type Incoming, incomingPaths } from "./_incoming_paths.ts";
import { isUnreachable, noCandidates, noDirectPath, noPath } from "./_path_errors.ts";
import type { Identity } from "./identity/mod.ts";
import { describePath, type PathInfo } from "./_path_info.ts";
import { PathMemory } from "./_path_memory.ts";
import type { OnProgress } from "./progress.ts";
import {
  type ByteStream,
  type Dial,
  DOUBT_MS,
  openPort,
  type Outlook,
  outlook,
  PUNCH_WINDOW_MS,
  type PunchPort,
  race,
  schedule,
  type Winner,
} from "./punch/mod.ts";

/** Write tokens live for 5 to 10 min at the nodes; a record that old may have been replaced as well. */
const RESOLUTION_LIFETIME_MS = 2 * 60_000;
/**
 * A knock may be lost, a NAT may forget a hole, and a pair of ports between two NATs can be spoilt for minutes: then a
 * second attempt begins, with fresh ones, while the first goes on. Over 200 ms with 5 % loss, 59 of 60 paths were open by
 * then.
 */
const SECOND_ATTEMPT_MS = 3000;

/** What a plain dial may take beyond three times the last one before we knock after all. */
const DIRECT_GRACE_MS = 50;

/** Where there is no way for certain, the serving peer is told so, and nothing more is tried. */
const CERTAIN_MS = 500;
/** What plain dials, by which the two networks met before, may take until ports are guessed all the same. */
const PLAIN_MS = 400;
/** What a {@linkcode PathFinder} works with. */
export interface PathFinderOptions {
  readonly publicKey: Uint8Array;
  readonly identity: Identity;
  readonly discovery: Discovery;
  /** Observers of our NAT, by name or address. */
  readonly stun: readonly Endpoint[];
  /** Whether the router may be asked to map our port. */
  readonly portMapping: boolean;
  /** A channel to the peer over which to agree on a punch, while there is one. @default none */
  readonly control?: () => ControlChannel | undefined;
  readonly report: OnProgress;
}

/** Opens proven paths to one peer, and remembers what helps with the next. */
export class PathFinder {
  readonly #options: PathFinderOptions;
  readonly #memory = new PathMemory();
  #resolution: { readonly value: Resolution; readonly at: number } | undefined;
  /** How long a plain dial took, where one got through without a punch. */
  #directMs: number | undefined;
  /** The newest path. */
  path: PathInfo | undefined;

  constructor(options: PathFinderOptions) {
    this.#options = options;
  }

  /**
   * Opens a path; the receiver owns it.
   * Rejects with `PeerError` of any of the stages, or with `signal.reason`.
   */
  async open(signal: AbortSignal): Promise<ByteStream> {
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const first = this.#attempt(until);
    // Whatever else is wrong, a second attempt would not mend it.
    first.catch((error) => isUnreachable(error) || over.abort(error));
    const second = delay(SECOND_ATTEMPT_MS, { signal: until }).then(() => this.#attemptAfresh(until));
    let won: ByteStream | undefined;
    try {
      return won = await Promise.any([first, second]);
    } catch (error) {
      this.forget();
      const [one, two] = (error as AggregateError).errors;
      throw isUnreachable(two) ? one : two; // the second attempt has looked again, so it knows better
    } finally {
      over.abort();
      for (const { value } of (await Promise.allSettled([first, second])) as { value?: ByteStream }[]) {
        if (value !== won) value?.close();
      }
    }
  }

  #attemptAfresh(signal: AbortSignal): Promise<ByteStream> {
    this.forget();
    return this.#attempt(signal, { isSecond: true });
  }

  /** What we know may be out of date. */
  forget(): void {
    this.#resolution = undefined;
    this.#directMs = undefined;
  }

  async #resolve(signal: AbortSignal): Promise<Resolution> {
    const { control, discovery, publicKey, report } = this.#options;
    const known = this.#resolution;
    const isFresh = known && (control?.() || performance.now() - known.at < RESOLUTION_LIFETIME_MS);
    if (isFresh) return known.value;
    const start = performance.now();
    const value = await discovery.resolve(publicKey, { signal });
    this.#resolution = { value, at: performance.now() };
    report({ type: "resolved", ms: performance.now() - start });
    return value;
  }

  /** One port, one knock, one window. */
  async #attempt(signal: AbortSignal, { isSecond = false } = {}): Promise<ByteStream> {
    const { control, report } = this.#options;
    const resolution = await this.#resolve(signal);
    const agreed = isSecond ? undefined : control?.();
    using incoming = incomingPaths(resolution.record.candidates);
    await using port = await openPort({ port: 0, onConnection: incoming.push });
    await using side = await openOwnSide(this.#options, {
      ...{ port, record: resolution.record, signal, isSecond },
    });
    const { local, servers } = side;
    const remote = this.#worthDialling(resolution, local);
    report({
      type: "candidates",
      local: local.candidates.map(formatEndpoint),
      remote: remote.map(formatEndpoint),
      nat: formatNat(local.nat),
      remoteNat: formatNat(resolution.record.nat),
    });
    const view = outlook(local.nat, resolution.record.nat, {
      ownCandidates: local.candidates,
      peerCandidates: remote,
    });
    const { strategy, odds, reason } = view;
    report({ type: "strategy", strategy, odds, reason });
    const start = performance.now();
    const answer = { onPorts: () => {} };
    const around = { resolution, local, remote, incoming, signal, servers, outlook: view, agreed, answer };
    const dials = schedule(remote.filter((c) => !usesUpPorts(view, c)), this.#headStartMs(agreed));
    const won = await this.#punch(port, dials, around);
    this.#remember(won, resolution.record.candidates, performance.now() - start);
    const isPlain = won.stream.localAddr.port === port.port &&
      remote.some((c) => sameEndpoint(c, won.stream.remoteAddr));
    this.#memory.remember(local.publicAddress, remote, isPlain ? "plain" : strategy);
    return won.stream;
  }

  /**
   * Half a round trip after a knock over a channel both sides dial at once, so that their SYNs cross (libp2p's DCUtR). Where
   * a plain dial gets through, there is nothing to wait for.
   */
  #headStartMs(agreed: ControlChannel | undefined): number {
    return this.#directMs === undefined ? (agreed?.roundTrips?.minMs ?? 0) / 2 : 0;
  }

  #worthDialling({ record }: Resolution, local: LocalCandidates): Candidate[] {
    const addresses = record.candidates.map((c) => canonicalAddress(c.hostname));
    const remote = dialable(record.candidates, local, { addresses, chosen: true });
    if (remote.length === 0) throw noCandidates(record.candidates);
    return remote;
  }

  /** Dials first, so that our hole is open when the serving peer hears the knock. */
  async #punch(port: PunchPort, dials: readonly Dial[], around: Around): Promise<Winner<CheckedPath>> {
    const { publicKey, report } = this.#options;
    const { incoming, signal, outlook: view } = around;
    const over = new AbortController();
    // Not `AbortSignal.any`: Deno 2.9 forgets one that nobody holds, with all that was to be closed by it. The race ends with
    // `signal`, and the rest with the race.
    const beside = { ...around, signal: over.signal };
    const tactic = this.#startTactic(port, beside);
    const knocking = this.#knock(port, tactic, beside);
    const hopeless = view.strategy === "none";
    const window = AbortSignal.timeout(
      hopeless ? view.certain ? CERTAIN_MS : DOUBT_MS : (this.#directMs ?? 0) * 3 + PUNCH_WINDOW_MS,
    );
    const refused: PeerError[] = [];
    try {
      return await race(port, dials, {
        incoming: incoming.stream,
        signal: AbortSignal.any([signal, window]),
        check: (stream, signal) => checkPath(stream, publicKey, { signal }),
        onRefused: (remote, error) => {
          if (error instanceof PeerError) refused.push(error);
          const cause = (error as Error).cause ?? error;
          report({ type: "refused", remote: formatEndpoint(remote), reason: String(cause) });
        },
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!window.aborted) throw error;
      throw hopeless ? noDirectPath(view) : noPath(around.remote, refused);
    } finally {
      over.abort();
      await Promise.all([knocking, tactic.done]);
    }
  }

  #startTactic(port: PunchPort, around: Around): RunningTactic {
    const remote = around.remote.find(isGlobalIPv4);
    if (!remote) return { ports: Promise.resolve([]), done: Promise.resolve() };
    const { push: onStream } = around.incoming;
    const { nat: own, publicAddress } = around.local;
    const { nat: peer } = around.resolution.record;
    const worked = this.#memory.recall(publicAddress, around.remote);
    return startTactic({
      ...{ ...around, port, own, peer, remote, onStream },
      watchPorts: (onPorts) => this.#watchPorts(around, onPorts),
      ...(publicAddress ? { publicAddress } : {}),
      headStartMs: worked === "plain" ? PLAIN_MS : 0,
    });
  }

  /** What the serving peer answers comes over the control channel; where there is none, in its record. Until aborted. */
  #watchPorts(around: Around, onPorts: Answer["onPorts"]): Promise<void> {
    const { agreed, answer, resolution, signal } = around;
    const onRecord = ({ ports = [] }: ServiceRecord) => onPorts(ports);
    if (!agreed) return this.#options.discovery.watch(resolution, { signal, onRecord });
    answer.onPorts = onPorts;
    return aborted(signal);
  }

  /** Where plain dials got through before, the serving peer is disturbed only if they no longer do. */
  async #knock(port: PunchPort, tactic: RunningTactic, around: Around): Promise<void> {
    const { agreed, answer, local, resolution, signal } = around;
    const { discovery, identity, report } = this.#options;
    const start = performance.now();
    try {
      if (this.#directMs !== undefined) await delay(this.#directMs * 3 + DIRECT_GRACE_MS, { signal });
      const { candidates, nat } = local;
      const external = portOf("mapped", candidates) ?? portOf("reflexive", candidates) ?? port.port;
      const all = [...candidates, ...(await tactic.candidates ?? [])];
      const content = { port: external, candidates: all, nat, ports: await tactic.ports };
      const acknowledgements = agreed
        ? await agreed.knock(content, { signal, onPorts: (ports) => answer.onPorts(ports) }).then(() => 1)
        : await discovery.knock(resolution, content, { identity, signal });
      const via = agreed ? "control" : "dht";
      report({ type: "knock", acknowledgements, ms: performance.now() - start, via });
    } catch { /* the race is over */ }
  }

  #remember(won: Winner<CheckedPath>, named: readonly Candidate[], ms: number) {
    this.#directMs = won.dial && !won.dial.bound ? ms : undefined;
    this.path = describePath(won, named);
    this.#options.report({ type: "path", ms, ...this.path });
  }
}

/** What one attempt works with. */
interface Around {
  readonly resolution: Resolution;
  readonly local: LocalCandidates;
  /** What of the peer's is worth dialling. */
  readonly remote: readonly Candidate[];
  readonly incoming: Incoming;
  readonly signal: AbortSignal;
  readonly outlook: Outlook;
  /** Observers of our NAT, where it needs some. */
  readonly servers: readonly Endpoint[];
  /** Over which to knock, in place of the DHT. */
  readonly agreed: ControlChannel | undefined;
  /** What becomes of the answer that comes over it. */
  readonly answer: Answer;
}

/** Whoever waits for the peer's external ports; nobody at first. */
interface Answer {
  onPorts: (ports: readonly number[]) => void;
}

/** Each dial that is refused and repeated takes one of the ports that we told the peer. */
function usesUpPorts({ strategy, role }: Outlook, candidate: Candidate): boolean {
  return strategy === "prediction" && role === "opens" && isGlobalIPv4(candidate);
}

function portOf(kind: Candidate["kind"], candidates: readonly Candidate[]): number | undefined {
  return candidates.find((c) => c.kind === kind)?.port;
}
