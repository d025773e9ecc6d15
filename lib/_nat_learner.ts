/**
 * What our NAT does to TCP, where the DHT's votes, which are about UDP, leave it open: servers look at connections of ours.
 *
 * @module
 */
import { addressFamily, type Endpoint } from "./endpoint.ts";
import { type Nat, natOf } from "./nat.ts";
import { answersElsewhere, classifyMapping, isWebOnly, reachServers, type Sighting } from "./netcheck/mod.ts";
import { Lookout } from "./_lookout.ts";
import { openPort } from "./punch/mod.ts";

/** Servers that are asked; the first to answer will do. */
const MAX_SERVERS = 4;
/** From each of so many fresh ports, all servers at once: eight different external ports tell a sequence from chance. */
const SCRATCH_PORTS = 3;
/** So many sightings are enough, a little after the last of them: some server of a list is always down. */
const ENOUGH = 6;
const GRACE_MS = 100;
/** Long enough for a SYN that is sent again once. */
const PATIENCE_MS = 1500;

/** Where firewalls are suspected, a server that is silent for so long is taken for walled off. */
const REACH_MS = 700;

/** What {@linkcode learnNat} works with. */
export interface LearnNatOptions {
  /** What the nodes of the DHT say. */
  readonly votes: Nat;
  /** From the port that is to be punched; has asked nobody yet. It keeps the connections that showed what was learnt. */
  readonly lookout: Lookout;
  /** STUN servers over TCP, or serving peers, best at different addresses. */
  readonly servers: readonly Endpoint[];
  /** This machine's addresses. */
  readonly own: readonly string[];
  /** Whether it must be found out first if connections get out at all, but to web servers. @default {false} */
  readonly isWalled?: boolean;
  readonly signal: AbortSignal;
}

/** What was learnt. */
export interface LearnedNat {
  readonly nat: Nat;
  /** The port's endpoint as every server sees it; absent where each sees another one, or none was asked. */
  readonly external?: Endpoint;
}

/** Whether the votes leave open how TCP connections are mapped. */
export function needsObservation({ mapping }: Nat, isWalled = false): boolean {
  return isWalled || mapping !== "open" && mapping !== "preserving";
}

/**
 * Has servers look at connections from the port and from fresh ones, all in one burst; from the port alone where the votes
 * settle the rest: a NAT with several addresses may lead TCP out at another one than UDP. Rejects with `signal.reason`.
 */
export async function learnNat(options: LearnNatOptions): Promise<LearnedNat> {
  const { isWalled = false, own, lookout, votes, signal } = options;
  const servers = askable(options.servers);
  if (isWalled && await letsOutWebAlone(servers, signal)) return { nat: { ...votes, webOnly: true } };
  if (votes.mapping === "open" || servers.length === 0) return { nat: votes };
  if (!needsObservation(votes)) {
    return { nat: votes, ...external(await sightAll([lookout], servers, signal), lookout.port, votes) };
  }
  await using stack = new AsyncDisposableStack();
  const scratch: Lookout[] = [];
  for (let i = 0; i < SCRATCH_PORTS; i++) {
    const port = stack.use(await openPort({ port: 0, onConnection: (stream) => stream.close() }));
    scratch.push(stack.use(new Lookout(port)));
  }
  const sightings = await sightAll([lookout, ...scratch], servers, signal);
  const nat = classifyMapping(sightings, own);
  return {
    nat: nat.mapping === "unknown" ? votes : { ...natOf(nat.mapping), ...nat },
    ...external(sightings, lookout.port, nat),
  };
}

/**
 * Asks again what has been found to be one endpoint for all destinations, which also keeps it in use; over new connections where
 * none of those that were kept brings an answer, as after a restart of the router. Gives what is seen now; what was learnt before
 * where nobody answers, and `undefined` where the servers do not agree any more. Rejects with `signal.reason`.
 */
export async function lookAgain(
  learned: LearnedNat,
  { lookout, servers, signal }: Pick<LearnNatOptions, "lookout" | "servers" | "signal">,
): Promise<LearnedNat | undefined> {
  const ask = () => sightAll([lookout], askable(servers), signal);
  let sightings = await ask();
  if (sightings.length === 0) sightings = await ask();
  if (sightings.length === 0) return learned;
  const now = external(sightings, lookout.port, learned.nat);
  return now.external && { nat: learned.nat, ...now };
}

/** Over IPv6 there is no NAT to be seen, and another address than over IPv4. */
function askable(servers: readonly Endpoint[]): Endpoint[] {
  return servers.filter(({ hostname }) => addressFamily(hostname) === 4).slice(0, MAX_SERVERS);
}

async function letsOutWebAlone(servers: readonly Endpoint[], signal: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const soon = AbortSignal.any([signal, over.signal, AbortSignal.timeout(REACH_MS)]);
  const reaching = reachServers(servers, soon);
  const isOpen = await answersElsewhere(servers, soon);
  if (isOpen) over.abort();
  const reached = await reaching;
  const webOnly = !isOpen && await isWebOnly(servers, reached, signal);
  signal.throwIfAborted();
  return webOnly;
}

/** In the order of their SYNs; those that did not come in time are left out. Rejects with `signal.reason`. */
async function sightAll(
  lookouts: readonly Lookout[],
  servers: readonly Endpoint[],
  signal: AbortSignal,
): Promise<Sighting[]> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const sightings: (Sighting | undefined)[] = [];
  let seen = 0;
  const stop = () => over.abort();
  const timers = [setTimeout(stop, PATIENCE_MS)];
  const pairs = lookouts.flatMap((lookout) => servers.map((server) => ({ lookout, server })));
  await Promise.all(pairs.map(async ({ lookout, server }, i) => {
    sightings[i] = await lookout.sight(server, until).catch(() => undefined);
    if (sightings[i] && ++seen === ENOUGH) timers.push(setTimeout(stop, GRACE_MS));
  }));
  timers.forEach(clearTimeout);
  signal.throwIfAborted();
  return sightings.filter((sighting) => sighting !== undefined);
}

/**
 * Where the port is seen, if all see it alike. None can look at it again while the remains of a former connection to each of them
 * are still there; a NAT that keeps the ports of others keeps this one.
 */
function external(sightings: readonly Sighting[], port: number, { mapping }: Nat): { external?: Endpoint } {
  const [first, ...others] = sightings.filter((s) => s.localPort === port).map((s) => s.external);
  const isOne = first && others.every((e) => e.port === first.port && e.hostname === first.hostname);
  if (isOne) return { external: first };
  const isKept = !first && mapping === "preserving" && sightings[0];
  return isKept ? { external: { hostname: isKept.external.hostname, port } } : {};
}
