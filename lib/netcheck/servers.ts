import { delay } from "@std/async";
import { askObserver, type ObserverAnswer, type ProbeOutcome, type ProbeRequest } from "../check/mod.ts";
import { addressFamily, type Endpoint } from "../endpoint.ts";
import { dialUnbound } from "../punch/mod.ts";

/** A server that answered. */
export interface Server {
  readonly endpoint: Endpoint;
  /** From the first SYN to the answer. */
  readonly ms: number;
  /** Whether it tries to get in when it is asked. */
  readonly isObserver: boolean;
  /** How it saw that connection. */
  readonly mapped: Endpoint;
}

/** Long enough for a SYN that is sent again once, and for the answer. */
const REACH_MS = 2000;
/** A name that takes longer is not worth the wait of whoever wants to connect. */
const RESOLVE_MS = 1500;
const WEB_PORTS: readonly number[] = [80, 443];
/** Each is a connection of its own: where packets get lost, any single one may come to nothing in so short a time. */
const TRIES = 3;
/** What swallows the first SYN may swallow those that leave together with it. */
const BETWEEN_TRIES_MS = 60;
/** A port that no observer tries, so that its answer comes at once. */
const NOTHING_TO_TRY: ProbeRequest = { transport: "tcp", port: 1 };

/** Asks one server over a connection of its own. Rejects when it does not answer, or when `signal` aborts. */
async function ask(
  endpoint: Endpoint,
  { signal, ...options }: AskOptions,
): Promise<ObserverAnswer | undefined> {
  const stream = await dialUnbound(endpoint, { signal });
  try {
    const { seenFrom, ...wish } = options;
    if (seenFrom && (await askObserver(stream, { signal })).mapped.hostname !== seenFrom) return undefined;
    return await askObserver(stream, { signal, ...wish });
  } finally {
    stream.close();
  }
}

/** What an observer is to try. */
export interface AskOptions {
  readonly signal: AbortSignal;
  readonly probe: ProbeRequest;
  readonly transactionId?: Uint8Array;
  /** The public address at which to try; it tries nothing where it sees us at another one. */
  readonly seenFrom?: string;
}

/** What became of a probe; absent where the observer sees us at another address. Rejects like a connection does. */
export async function askFrom(observer: Endpoint, options: AskOptions): Promise<ProbeOutcome | undefined> {
  return (await ask(observer, options))?.outcome;
}

/** Those of the servers that answer, and whether they are observers. Never rejects. */
export async function reachServers(endpoints: readonly Endpoint[], signal: AbortSignal): Promise<Server[]> {
  const asked = await Promise.all(endpoints.map(async (endpoint) => {
    const start = performance.now();
    try {
      const until = AbortSignal.any([signal, AbortSignal.timeout(REACH_MS)]);
      const { mapped, outcome } = (await ask(endpoint, { signal: until, probe: NOTHING_TO_TRY }))!;
      return {
        endpoint,
        ms: Math.round(performance.now() - start),
        isObserver: outcome !== undefined,
        mapped,
      };
    } catch {
      return null;
    }
  }));
  return asked.filter((server) => server !== null);
}

/** Whether some server answers at a port that is not for web pages; says so as soon as one does. Never rejects. */
export async function answersElsewhere(
  endpoints: readonly Endpoint[],
  signal: AbortSignal,
): Promise<boolean> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const one = async (endpoint: Endpoint, pauseMs: number) => {
    await delay(pauseMs, { signal: until });
    await ask(endpoint, { signal: until, probe: NOTHING_TO_TRY });
  };
  const tries = endpoints.filter((e) => !isWeb(e)).flatMap((endpoint) =>
    Array.from({ length: TRIES }, (_, i) => one(endpoint, i * BETWEEN_TRIES_MS))
  );
  const answered = await Promise.any(tries).then(() => true, () => false);
  over.abort();
  await Promise.allSettled(tries);
  return answered;
}

/**
 * Whether ports 80 and 443 alone can be reached from here: no server answers at another port, while one does at these,
 * or at least takes connections there. Never rejects.
 */
export async function isWebOnly(
  endpoints: readonly Endpoint[],
  reached: readonly Server[],
  signal: AbortSignal,
): Promise<boolean> {
  if (endpoints.every(isWeb) || reached.some((server) => !isWeb(server.endpoint))) return false;
  if (reached.length > 0) return true;
  const hosts = [...new Set(endpoints.map((e) => e.hostname))];
  const doors = hosts.flatMap((hostname) => WEB_PORTS.map((port) => ({ hostname, port })));
  return await Promise.any(doors.map((door) => opens(door, signal))).catch(() => false);
}

function isWeb({ port }: Endpoint): boolean {
  return WEB_PORTS.includes(port);
}

async function opens(endpoint: Endpoint, signal: AbortSignal): Promise<true> {
  (await dialUnbound(endpoint, { signal: AbortSignal.any([signal, AbortSignal.timeout(REACH_MS)]) })).close();
  return true;
}

/**
 * The addresses of each server, of both families; a name that nobody knows, or nobody tells in time, has none. Never rejects.
 *
 * @param timeoutMs How long the system's resolver may take: where a name server is silent, it takes much longer.
 */
export async function resolveServers(
  named: readonly Endpoint[],
  signal: AbortSignal,
  timeoutMs = RESOLVE_MS,
): Promise<Endpoint[]> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const resolved = await Promise.all(named.map(async ({ hostname, port }) => {
    if (addressFamily(hostname) !== 0) return [{ hostname, port }];
    const answers = await Promise.allSettled([
      Deno.resolveDns(hostname, "A", { signal: until }),
      Deno.resolveDns(hostname, "AAAA", { signal: until }),
    ]);
    // One address of a family is enough: the others belong to the same server.
    const first = answers.map((answer) => answer.status === "fulfilled" ? answer.value[0] : undefined);
    return first.filter((address) => address !== undefined).map((address) => ({ hostname: address, port }));
  }));
  return resolved.flat();
}
