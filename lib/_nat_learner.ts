/**
 * What our NAT does to TCP, where the DHT's votes, which are about UDP, leave it open: servers look at connections of ours.
 *
 * @module
 */
import { askObserver } from "./check/mod.ts";
import type { ByteStream } from "./byte_stream.ts";
import { addressFamily, type Endpoint } from "./endpoint.ts";
import { type Nat, natOf } from "./nat.ts";
import { classifyMapping, isWebOnly, reachServers, type Sighting } from "./netcheck/mod.ts";
import { openPort, type PunchPort } from "./punch/mod.ts";

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
  /** The port that is to be punched. */
  readonly port: PunchPort;
  /** STUN servers over TCP, or serving peers, best at different addresses. */
  readonly servers: readonly Endpoint[];
  /** This machine's addresses. */
  readonly own: readonly string[];
  /** Whether it must be found out first if connections get out at all, but to web servers. @default {false} */
  readonly isWalled?: boolean;
  readonly signal: AbortSignal;
}

/** What was learnt. The connections that showed it stay open until it is disposed of: their end may end the mapping. */
export interface LearnedNat extends Disposable {
  readonly nat: Nat;
  /** The port's endpoint as every server sees it; absent where each sees another one, or none was asked. */
  readonly external?: Endpoint;
}

/** Whether the votes leave open how TCP connections are mapped. */
export function needsObservation({ mapping }: Nat, isWalled = false): boolean {
  return isWalled || mapping !== "open" && mapping !== "preserving";
}

/** Has servers look at connections from the port and from fresh ones, all in one burst. Rejects with `signal.reason`. */
export async function learnNat(options: LearnNatOptions): Promise<LearnedNat> {
  const { isWalled = false, own, port, votes, signal } = options;
  // Over IPv6 there is no NAT to be seen, and another address than over IPv4.
  const servers = options.servers.filter((s) => addressFamily(s.hostname) === 4).slice(0, MAX_SERVERS);
  if (isWalled && await letsOutWebAlone(servers, signal)) return settled({ ...votes, webOnly: true });
  if (!needsObservation(votes) || servers.length === 0) return settled(votes);
  await using stack = new AsyncDisposableStack();
  const scratch: PunchPort[] = [];
  for (let i = 0; i < SCRATCH_PORTS; i++) {
    scratch.push(stack.use(await openPort({ port: 0, onConnection: (stream) => stream.close() })));
  }
  const kept = new Set<ByteStream>();
  const release = () => kept.forEach((stream) => stream.close());
  try {
    const sightings = await sightAll([port, ...scratch], { servers, signal, kept });
    for (const stream of kept) if (stream.localAddr.port !== port.port) stream.close();
    const nat = classifyMapping(sightings, own);
    return {
      nat: nat.mapping === "unknown" ? votes : { ...natOf(nat.mapping), ...nat },
      ...external(sightings, port.port, nat),
      [Symbol.dispose]: release,
    };
  } catch (error) {
    release();
    throw error;
  }
}

function settled(nat: Nat): LearnedNat {
  return { nat, [Symbol.dispose]() {} };
}

async function letsOutWebAlone(servers: readonly Endpoint[], signal: AbortSignal): Promise<boolean> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(REACH_MS)]);
  const webOnly = await isWebOnly(servers, await reachServers(servers, soon), signal);
  signal.throwIfAborted();
  return webOnly;
}

interface Around {
  readonly servers: readonly Endpoint[];
  readonly signal: AbortSignal;
  /** Receives the connections that were seen. */
  readonly kept: Set<ByteStream>;
}

/** In the order of their SYNs; those that did not come in time are left out. */
async function sightAll(ports: readonly PunchPort[], { servers, signal, kept }: Around): Promise<Sighting[]> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const sightings: (Sighting | undefined)[] = [];
  let seen = 0;
  const stop = () => over.abort();
  const timers = [setTimeout(stop, PATIENCE_MS)];
  const pairs = ports.flatMap((port) => servers.map((server) => ({ port, server })));
  await Promise.all(pairs.map(async ({ port, server }, i) => {
    sightings[i] = await sight(port, server, { signal: until, kept }).catch(() => undefined);
    if (sightings[i] && ++seen === ENOUGH) timers.push(setTimeout(stop, GRACE_MS));
  }));
  timers.forEach(clearTimeout);
  signal.throwIfAborted();
  return sightings.filter((sighting) => sighting !== undefined);
}

async function sight(
  port: PunchPort,
  server: Endpoint,
  { signal, kept }: Pick<Around, "signal" | "kept">,
): Promise<Sighting> {
  const atMs = performance.now();
  const stream = await port.dial(server, { signal });
  kept.add(stream);
  const { mapped } = await askObserver(stream, { signal });
  return { localPort: port.port, destination: server.hostname, external: mapped, atMs };
}

/**
 * Where the port is seen, if all see it alike. None can look at it again while a former connection to all of them is still
 * there; a NAT that keeps the ports of others keeps this one.
 */
function external(sightings: readonly Sighting[], port: number, { mapping }: Nat): { external?: Endpoint } {
  const [first, ...others] = sightings.filter((s) => s.localPort === port).map((s) => s.external);
  const isOne = first && others.every((e) => e.port === first.port && e.hostname === first.hostname);
  if (isOne) return { external: first };
  const isKept = !first && mapping === "preserving" && sightings[0];
  return isKept ? { external: { hostname: isKept.external.hostname, port } } : {};
}
