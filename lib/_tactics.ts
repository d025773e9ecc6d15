/**
 * What either side does for a NAT that gives each connection another port, beyond plain dials.
 *
 * @module
 */
import { delay } from "@std/async";
import type { ByteStream } from "./byte_stream.ts";
import { askObserver } from "./check/mod.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Nat, PortSequence } from "./nat.ts";
import {
  descriptorBudget,
  dialPorts,
  guessPorts,
  openMany,
  openPort,
  type Outlook,
  portsAhead,
  portsBetween,
  type PunchPort,
  volleySize,
} from "./punch/mod.ts";

/** Ports that are told: as many as a knock and a record hold. */
export const MAX_TOLD_PORTS = 16;
/**
 * Observers that look before the dials, and again after them: one of them has to answer, and of those that the DHT names some
 * are gone.
 */
const MAX_ASKED = 3;
/** How long an observation may take. */
const OBSERVATION_MS = 1500;

/**
 * Pauses before what was refused is dialled again, each twice the last one: it costs one of the ports that were told, and
 * the peer hears of these within a quarter of a second, or three seconds.
 */
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 400;

/** What a tactic works with. */
export interface TacticOptions {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Each connection; the receiver owns it. */
  readonly onStream: (stream: ByteStream) => void;
}

/** Whom a volley is for. */
export interface VolleyTarget {
  readonly outlook: Outlook;
  /** The port that the peer knows. */
  readonly port: PunchPort;
  readonly own: Nat;
  readonly peer: Nat;
  /** The peer's external endpoint; of one whose port nobody knows, the address. */
  readonly remote: Endpoint;
}

/** Opens or guesses many ports, as the outlook says, until aborted. Never rejects. */
export async function volley(
  { outlook, port, own, peer, remote }: VolleyTarget,
  options: TacticOptions,
): Promise<void> {
  if (outlook.role === "opens") {
    return await openMany(remote, descriptorBudget(volleySize(own).opens), options);
  }
  const guesses = guessPorts(peer, descriptorBudget(volleySize(peer).guesses));
  await dialPorts(port, remote.hostname, guesses, options);
}

/** Fresh ports, until aborted. Rejects where the system has no more of them, and holds none then. */
export async function openPorts(count: number, { signal, onStream }: TacticOptions): Promise<PunchPort[]> {
  const ports: PunchPort[] = [];
  const close = () => void Promise.all(ports.map((port) => port.close()));
  signal.addEventListener("abort", close, { once: true });
  try {
    while (ports.length < count) ports.push(await openPort({ port: 0, onConnection: onStream }));
  } catch (error) {
    close();
    throw error;
  }
  if (signal.aborted) close();
  return ports;
}

/** What {@linkcode bracket} works with. */
export interface BracketOptions extends TacticOptions {
  readonly sequence: PortSequence;
  /** One dial to each, in this order. */
  readonly remotes: readonly Endpoint[];
  /** Servers that see our connections, best first. */
  readonly servers: readonly Endpoint[];
  /** Whether ports to come are told as well, for dials that take the place of refused ones. @default {false} */
  readonly ahead?: boolean;
}

/**
 * Dials from fresh ports, between observations in the same burst: the external ports of the dials lie between those that the
 * servers see. Gives them once one server has answered before them and one after, in the order of the dials; none where the
 * NAT was busier than that. The dials go on until aborted.
 *
 * A NAT that refuses SYNs ends a dial before the peer behind it has heard of it. The next dial has the next port, so those
 * to come are told at once, and are used up one after the other until the peer has opened them.
 */
export async function bracket(options: BracketOptions): Promise<number[]> {
  const { ahead = false, remotes, sequence: { step, ...sequence }, signal, onStream } = options;
  const servers = options.servers.slice(0, MAX_ASKED);
  if (servers.length === 0) return [];
  const burst = [...servers, ...remotes, ...servers];
  const ports = await openPorts(burst.length, { signal, onStream });
  const look = (from: number) =>
    Promise.any(servers.map(async (server, i): Promise<Sighted> => {
      const at = from + i;
      return { at, port: await observe(ports[at]!, server, signal) };
    }));
  const dials = { first: servers.length, count: remotes.length, step };
  // All in one turn: so their SYNs leave in this order.
  const before = look(0);
  for (const [i, remote] of remotes.entries()) {
    const refused = () => ahead && i === 0 ? dialOneByOne(remote, options) : undefined;
    void ports[dials.first + i]!.dial(remote).then(onStream, refused);
  }
  const after = look(dials.first + dials.count);
  const [a, b] = await Promise.allSettled([before, after]);
  if (a.status === "rejected" || b.status === "rejected") return [];
  const own = portsOfDials(a.value, b.value, dials);
  if (!ahead || own.length === 0) return own;
  const next = { ...sequence, step, next: b.value.port + (burst.length - b.value.at) * step };
  return [...own, ...portsAhead(next, MAX_TOLD_PORTS - own.length)];
}

/** The external port of one connection of a burst. */
interface Sighted {
  /** How many of the burst went before. */
  readonly at: number;
  readonly port: number;
}

/** The ports between two that were seen, without those that belong to observers who were asked beside the dials. */
function portsOfDials(
  a: Sighted,
  b: Sighted,
  { first, count, step }: { first: number; count: number; step: number },
): number[] {
  const [before, after] = [first - a.at - 1, b.at - first - count];
  const between = portsBetween(a.port, b.port, step, MAX_TOLD_PORTS + before + after);
  return between.slice(before, between.length - after);
}

/** From a fresh port each time, a little after the last one was refused. Never rejects. */
async function dialOneByOne(remote: Endpoint, { signal, onStream }: TacticOptions): Promise<void> {
  for (let i = 0; i < MAX_TOLD_PORTS && !signal.aborted; i++) {
    try {
      await delay(Math.min(FIRST_PAUSE_MS * 2 ** i, MAX_PAUSE_MS), { signal });
      const [port] = await openPorts(1, { signal, onStream });
      return onStream(await port!.dial(remote, { signal }));
    } catch { /* refused again: the peer has not opened that port yet */ }
  }
}

/** The external port of a connection from `port`, which ends with it. */
export async function observe(port: PunchPort, server: Endpoint, signal: AbortSignal): Promise<number> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(OBSERVATION_MS)]);
  const stream = await port.dial(server, { signal: until });
  try {
    return (await askObserver(stream, { signal: until })).mapped.port;
  } finally {
    signal.addEventListener("abort", () => stream.close(), { once: true });
    if (signal.aborted) stream.close();
  }
}

/** Where both NATs allot in sequence: what the peer dialled, and what we told it of our own next ports. */
export interface MeetInSequence extends TacticOptions {
  readonly told: PortSequence;
  /** The peer's external ports, of dials to our next ports, in order. */
  readonly remotes: readonly Endpoint[];
  readonly servers: readonly Endpoint[];
}

/**
 * Each of the peer's dials goes to one port of ours to come: sees how far our NAT has got, and dials from there on, each
 * time to the one that expects that port.
 */
export async function meetInSequence(options: MeetInSequence): Promise<void> {
  const { told, remotes, servers: [server], signal, onStream } = options;
  if (!server) return;
  await using stack = new AsyncDisposableStack();
  const fresh = async () => stack.use(await openPort({ port: 0, onConnection: onStream }));
  const ports = [await fresh()];
  for (const _ of remotes) ports.push(await fresh());
  const seen = await observe(ports[0]!, server, signal);
  const passed = (seen - told.next) / told.step + 1;
  if (!Number.isInteger(passed) || passed < 0) return;
  const dials = remotes.slice(passed).map((remote, i) =>
    ports[i + 1]!.dial(remote, { signal }).then(onStream, () => {})
  );
  await Promise.all(dials);
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
