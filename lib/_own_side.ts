import { gatherCandidates, type LocalCandidates } from "./candidates/mod.ts";
import type { Discovery, ServiceRecord } from "./discovery/mod.ts";
import type { Endpoint } from "./endpoint.ts";
import { MappedPort } from "./_mapped_port.ts";
import { Lookout } from "./_lookout.ts";
import { learnNat, needsObservation } from "./_nat_learner.ts";
import { votesOf } from "./_nat_watcher.ts";
import { listObservers } from "./_observer_list.ts";
import type { OnProgress } from "./progress.ts";
import { outlook, type PunchPort } from "./punch/mod.ts";

/** How long the router may take to map our port, beside what else is found out about it. */
const MAPPING_MS = 250;

/** What {@linkcode openOwnSide} works with. */
export interface OwnSideOptions {
  readonly discovery: Discovery;
  /** Observers of our NAT, by name or address. */
  readonly stun: readonly Endpoint[];
  /** Whether the router may be asked to map our port. */
  readonly portMapping: boolean;
  readonly report: OnProgress;
}

/** For which attempt. */
export interface OwnSideAttempt {
  /** The port that is to be punched. */
  readonly port: PunchPort;
  /** What the peer says of itself. */
  readonly record: ServiceRecord;
  /** Whether plain dials have been tried in vain. */
  readonly isSecond?: boolean;
  readonly signal: AbortSignal;
}

/** The connecting peer's own situation, as of one attempt; what shows and keeps it is held until it is disposed of. */
export interface OwnSide extends AsyncDisposable {
  readonly local: LocalCandidates;
  /** Observers of our NAT, where it needs some. */
  readonly servers: readonly Endpoint[];
}

/**
 * Finds out how our port is seen: by the DHT's votes, and, where these do not settle it or have misled, by what servers see. Where, as far as
 * the votes go, dialling each other will not do, and where it has not done, the router is asked to map the port. Rejects with `signal.reason`.
 */
export async function openOwnSide(
  { discovery, portMapping, report, stun }: OwnSideOptions,
  { port, record, isSecond = false, signal }: OwnSideAttempt,
): Promise<OwnSide> {
  const begun = performance.now();
  await using stack = new AsyncDisposableStack();
  const { nat, own, isWalled } = votesOf(discovery);
  const mapped = stack.use(new MappedPort({ port: port.port, discovery, report, enabled: portMapping }));
  const byVotes = outlook(nat, record.nat, { peerCandidates: record.candidates });
  if (isSecond || byVotes.strategy !== "plain") mapped.ask();
  const isOpen = needsObservation(nat, isWalled) || (isSecond && nat.mapping !== "open");
  const servers = isOpen ? await listObservers(discovery, stun, signal) : [];
  const lookout = stack.use(new Lookout(port));
  const learned = await learnNat({ votes: nat, own, isWalled, lookout, servers, signal });
  await mapped.arrival(MAPPING_MS - (performance.now() - begun), signal);
  const { candidate } = mapped;
  const local = gatherCandidates({
    port: port.port,
    udpPort: discovery.port,
    observations: discovery.observations(),
    learned,
    ...(candidate ? { mapped: candidate } : {}),
  });
  const held = stack.move();
  return { local, servers, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
