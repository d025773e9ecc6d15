/**
 * What the NAT does to TCP, by experiment. Nothing here rejects: what fails, or is not over when the signal aborts, is
 * missing from the result.
 *
 * @module
 */
import { askObserver, type ProbeOutcome } from "../check/mod.ts";
import { addressScope, type Endpoint } from "../endpoint.ts";
import { dialPersistently, openPort, type PunchPort } from "../punch/mod.ts";
import type { FilteringTests } from "./filtering.ts";
import type { Sighting } from "./mapping.ts";
import { askFrom, type Server } from "./servers.ts";

/** Connections of one burst: eight sightings tell a sequence from chance, and are few for any NAT. */
const BURST = 8;
const MAX_SERVERS = 4;
/** How long a SYN may take to come back from our own router. */
const HAIRPIN_MS = 1000;

/** A NAT may give a connection one of several public addresses: so often we try to meet the same one again. */
const ATTEMPTS = 6;

/** A port that listens, for strangers to knock at, and keeps what it has opened. */
interface ScratchPort extends AsyncDisposable {
  readonly port: number;
  /** Connects to a server from this port; gives how it sees us. The connection, and so the mapping, stays. */
  contact(server: Server, signal: AbortSignal): Promise<Endpoint>;
  readonly punch: PunchPort;
  /** Resolves when somebody got in. */
  readonly accepted: Promise<Endpoint>;
}

async function scratchPort(): Promise<ScratchPort> {
  const accepted = Promise.withResolvers<Endpoint>();
  const stack = new AsyncDisposableStack();
  const punch = stack.use(
    await openPort({
      port: 0,
      onConnection(stream) {
        accepted.resolve(stream.remoteAddr);
        stream.close();
      },
    }),
  );
  return {
    port: punch.port,
    punch,
    accepted: accepted.promise,
    async contact({ endpoint }, signal) {
      const stream = await punch.dial(endpoint, { signal });
      if (stack.disposed) stream.close();
      else stack.defer(() => stream.close());
      return (await askObserver(stream, { signal })).mapped;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Has several servers look at connections from several ports, all in one burst. */
export async function sightConnections(servers: readonly Server[], signal: AbortSignal): Promise<Sighting[]> {
  const asked = servers.slice(0, MAX_SERVERS);
  if (asked.length === 0) return [];
  await using stack = new AsyncDisposableStack();
  const count = Math.max(2, Math.ceil(BURST / asked.length));
  const ports = await Promise.all(Array.from({ length: count }, async () => stack.use(await scratchPort())));
  const sightings = ports.flatMap((port) => asked.map((server) => sight(port, server, signal)));
  return (await Promise.all(sightings)).filter((sighting) => sighting !== null);
}

async function sight(port: ScratchPort, server: Server, signal: AbortSignal): Promise<Sighting | null> {
  const atMs = performance.now();
  try {
    const external = await port.contact(server, signal);
    return { localPort: port.port, destination: server.endpoint.hostname, external, atMs };
  } catch {
    return null;
  }
}

/** Has observers try to get in: at a port that has contacted nobody, another address, and themselves. */
export async function testFiltering(
  servers: readonly Server[],
  signal: AbortSignal,
): Promise<FilteringTests> {
  const observers = servers.filter((server) => server.isObserver);
  const [first] = observers;
  if (!first) return {};
  const pair = pairOf(observers, servers);
  const [unasked, otherPort, otherAddress] = await Promise.all([
    tryIn(first, undefined, signal),
    tryIn(first, first, signal),
    pair ? tryIn(pair.observer, pair.contacted, signal) : undefined,
  ]);
  return { unasked, otherPort, otherAddress };
}

/** An observer, and a server with another address. */
function pairOf(
  observers: readonly Server[],
  servers: readonly Server[],
): { observer: Server; contacted: Server } | undefined {
  for (const observer of observers.toReversed()) {
    const contacted = servers.find((s) => s.endpoint.hostname !== observer.endpoint.hostname);
    if (contacted) return { observer, contacted };
  }
  return undefined;
}

/** What `observer` gets at a fresh port of ours that has contacted `contacted`; absent where it could not try. */
async function tryIn(
  observer: Server,
  contacted: Server | undefined,
  signal: AbortSignal,
): Promise<ProbeOutcome | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      await using port = await scratchPort();
      const external = contacted && await port.contact(contacted, signal);
      const probe = { transport: "tcp", port: external?.port ?? port.port } as const;
      const seenFrom = external?.hostname;
      const outcome = await askFrom(observer.endpoint, { probe, signal, ...(seenFrom ? { seenFrom } : {}) });
      if (outcome !== undefined) return outcome;
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/**
 * Whether two ports of ours meet through the NAT's outer side (RFC 5382 section 4.4), as two peers behind it would; absent
 * where there is no NAT, or nobody to tell us our external ports.
 */
export async function testHairpinning(
  server: Server | undefined,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  if (!server || addressScope(server.mapped.hostname) !== "global") return undefined;
  await using a = await scratchPort();
  await using b = await scratchPort();
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal, AbortSignal.timeout(HAIRPIN_MS)]);
  const dial = async (from: ScratchPort, to: Endpoint) =>
    (await dialPersistently(from.punch, to, { bound: true, signal: until })).close();
  const dials: Promise<void>[] = [];
  try {
    const [outerA, outerB] = await Promise.all([a.contact(server, until), b.contact(server, until)]);
    dials.push(dial(a, outerB), dial(b, outerA));
    const timeUp = new Promise<never>((_, reject) => until.addEventListener("abort", reject));
    await Promise.race([a.accepted, b.accepted, Promise.any(dials), timeUp]);
    return true;
  } catch {
    return false;
  } finally {
    over.abort();
    await Promise.allSettled(dials);
  }
}
