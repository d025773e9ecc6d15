import { type InterfaceAddress, interfaceAddresses, type MappingState, reflect } from "../candidates/mod.ts";
import type { Discovery, Observation } from "../discovery/mod.ts";
import { addressFamily, addressScope, type Endpoint, formatEndpoint, parseHostPort } from "../endpoint.ts";
import type { Nat } from "../nat.ts";
import { openNetwork, PUBLIC_STUN } from "../network.ts";
import { classifyFiltering, classifyRefusal } from "./filtering.ts";
import { measurePortMapping } from "./port_mapping.ts";
import { measureIPv6 } from "./ipv6.ts";
import { formatNetLine } from "./line.ts";
import { classifyMapping, type Sighting } from "./mapping.ts";
import { isWebOnly, reachServers, resolveServers, type Server } from "./servers.ts";
import { sightConnections, testFiltering, testHairpinning } from "./tcp.ts";
import type { NetcheckOptions, NetReport } from "./types.ts";
import { measureUdp, type UdpReport } from "./udp.ts";
import { oddsOf, verdictOf } from "./verdict.ts";

/** Whoever has not answered by then is not worth waiting for. */
const CHECK_MS = 5500;
/** Somebody's nodes answer within this from anywhere; without them the check goes on with what servers say. */
const ONLINE_MS = 2500;
/** So many nodes in other networks make a vote; those that are there after this time have to do. */
const ENOUGH_OBSERVERS = 4;
const VOTE_MS = 800;
const VOTE_INTERVAL_MS = 50;
/** Observers are found in one walk; as many as these know all that observers can know. */
const FIND_MS = 2500;
const MAX_FOUND = 4;

/**
 * Finds out what the network around this machine does to connections, within 6 s: the NAT's mapping and filtering, what it
 * answers to strangers, IPv6, hairpinning, the DHT; and the odds against each class of peer.
 *
 * It rejects for nothing that a network can do; what could not be found out is `unknown`, and `notes` say why.
 *
 * @example With a serving peer for an observer
 * ```ts
 * import { netcheck, serve } from "@skip-public-ip/skip-public-ip";
 *
 * await using server = await serve(() => new Response(), { bootstrap: [] });
 *
 * const node = `127.0.0.1:${server.port}`;
 * const { line, verdict } = await netcheck({ bootstrap: [node], stun: [node] });
 * console.log(line, verdict); // skip1 open …
 * ```
 *
 * @throws {SyntaxError} If a server or a bootstrap node is not `HOST:PORT`.
 */
export async function netcheck(options: NetcheckOptions = {}): Promise<NetReport> {
  const start = performance.now();
  const { signal = new AbortController().signal } = options;
  signal.throwIfAborted();
  const named = (options.stun ?? PUBLIC_STUN).map(parseHostPort);
  await using network = await openNetwork(options, { readOnly: true });
  const until = AbortSignal.any([signal, AbortSignal.timeout(CHECK_MS)]);
  const [dht, servers] = await Promise.all([
    askDht(network.discovery, until),
    askServers(named, network.discovery, until),
  ]);
  signal.throwIfAborted();
  const own = interfaceAddresses();
  const { port } = network.discovery;
  const [tcp, udp, ipv6, mapping] = await Promise.all([
    measureTcp(servers.reached.filter((s) => familyOf(s.endpoint) === 4), own, until),
    measureUdp({
      observations: dht.observations,
      servers: servers.reached.filter((s) => familyOf(s.endpoint) === 4),
      own: own.map((i) => i.address),
      signal: until,
    }),
    measureIPv6(own, { ...servers, asked: servers.endpoints.some((e) => familyOf(e) === 6), signal: until }),
    options.portMapping === false ? [] : measurePortMapping({
      ...{ port, signal: until },
      own: own.map((i) => i.address),
      publicAddress: externalAddresses({ servers, dht })[0],
    }),
  ]);
  signal.throwIfAborted();
  const measured = { own, dht, servers, tcp, udp, ipv6, port, mapping };
  return { ...conclude(measured), ms: Math.round(performance.now() - start) };
}

const familyOf = ({ hostname }: Endpoint) => addressFamily(hostname);

interface DhtFindings {
  readonly observations: readonly Observation[];
  readonly ms?: number;
}

/** Waits for a node to answer, and then a little for others to have their say. */
async function askDht(discovery: Discovery, signal: AbortSignal): Promise<DhtFindings> {
  const start = performance.now();
  try {
    await discovery.online({ signal: AbortSignal.any([signal, AbortSignal.timeout(ONLINE_MS)]) });
  } catch {
    return { observations: [] };
  }
  const ms = Math.round(performance.now() - start);
  const until = performance.now() + VOTE_MS;
  const voters = () => new Set(discovery.observations().map((o) => o.observer.hostname)).size;
  while (voters() < ENOUGH_OBSERVERS && performance.now() < until && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, VOTE_INTERVAL_MS));
  }
  return { observations: discovery.observations(), ms };
}

interface ServerFindings {
  readonly endpoints: readonly Endpoint[];
  readonly reached: readonly Server[];
  readonly webOnly: boolean;
}

/** Asks those that are named and those that the DHT knows of; an empty list asks nobody. */
async function askServers(
  named: readonly Endpoint[],
  discovery: Discovery,
  signal: AbortSignal,
): Promise<ServerFindings> {
  if (named.length === 0) return { endpoints: [], reached: [], webOnly: false };
  const [listed, found] = await Promise.all([
    reachAll(resolveServers(named, signal), signal),
    reachAll(findObservers(discovery, signal), signal),
  ]);
  const known = (s: Server) =>
    listed.reached.some((other) => other.endpoint.hostname === s.endpoint.hostname);
  const reached = [...listed.reached, ...found.reached.filter((s) => !known(s))];
  const endpoints = [...listed.endpoints, ...reached.slice(listed.reached.length).map((s) => s.endpoint)];
  const ofIPv4 = listed.endpoints.filter((e) => familyOf(e) === 4);
  const webOnly = await isWebOnly(ofIPv4, reached.filter((s) => familyOf(s.endpoint) === 4), signal);
  return { endpoints, reached, webOnly };
}

async function reachAll(finding: Promise<readonly Endpoint[]>, signal: AbortSignal) {
  const endpoints = await finding;
  return { endpoints, reached: await reachServers(endpoints, signal) };
}

/** Serving peers that are announced in the DHT as observers. */
async function findObservers(discovery: Discovery, signal: AbortSignal): Promise<readonly Endpoint[]> {
  try {
    const until = AbortSignal.any([signal, AbortSignal.timeout(FIND_MS)]);
    await discovery.online({ signal: until });
    return (await discovery.observers({ signal: until })).slice(0, MAX_FOUND);
  } catch {
    return [];
  }
}

interface TcpFindings {
  readonly nat: Nat;
  readonly sightings: readonly Sighting[];
  readonly hairpinning?: boolean;
}

/** The mapping comes first and alone: flows of our own would look like those of others. */
async function measureTcp(
  servers: readonly Server[],
  own: readonly InterfaceAddress[],
  signal: AbortSignal,
): Promise<TcpFindings> {
  const sightings = await sightConnections(servers, signal);
  const mapping = classifyMapping(sightings, own.map((i) => i.address));
  const [tests, hairpinning] = await Promise.all([
    testFiltering(servers, signal),
    mapping.mapping === "open" ? undefined : testHairpinning(servers[0], signal),
  ]);
  const nat = { ...mapping, filtering: classifyFiltering(tests), refusal: classifyRefusal(tests) };
  return { nat, sightings, ...(hairpinning === undefined ? {} : { hairpinning }) };
}

interface Measured {
  readonly own: readonly InterfaceAddress[];
  readonly dht: DhtFindings;
  readonly servers: ServerFindings;
  readonly tcp: TcpFindings;
  readonly udp: UdpReport;
  readonly ipv6: NetReport["ipv6"];
  /** Our UDP port in the DHT. */
  readonly port: number;
  readonly mapping: readonly MappingState[];
}

function conclude(measured: Measured): Omit<NetReport, "ms"> {
  const { own, dht, servers, tcp, udp, ipv6, mapping } = measured;
  const nat = { ...natByAllMeans(measured), webOnly: servers.webOnly };
  const mapped = mapping.some(({ state }) => state === "mapped");
  const line = { nat, ipv6: ipv6.reachable === true, mapped };
  return {
    nat,
    udp,
    interfaces: own.map((i) => i.address).filter((a) => ["global", "private"].includes(addressScope(a))),
    external: externalAddresses(measured),
    ipv6,
    ...(tcp.hairpinning === undefined ? {} : { hairpinning: tcp.hairpinning }),
    mapping,
    dht: {
      online: dht.ms !== undefined,
      observers: dht.observations.length,
      ...(dht.ms === undefined ? {} : { ms: dht.ms }),
    },
    servers: servers.endpoints.map((endpoint) => {
      const found = servers.reached.find((s) => s.endpoint === endpoint);
      return {
        address: formatEndpoint(endpoint),
        observer: found?.isObserver ?? false,
        ...(found ? { ms: found.ms } : {}),
      };
    }),
    notes: notesOn(measured),
    line: formatNetLine(line),
    odds: oddsOf(line),
    verdict: verdictOf(line),
  };
}

/** Where no server could say anything of TCP, the DHT's votes speak for it, as both use the same port numbers. */
function natByAllMeans({ tcp, dht, own, port }: Measured): Nat {
  if (tcp.nat.mapping !== "unknown") return tcp.nat;
  const { nat } = reflect(dht.observations, port, own.map((i) => i.address));
  return { ...tcp.nat, mapping: nat.mapping };
}

function externalAddresses(
  { tcp, servers, dht }: Pick<Measured, "servers" | "dht"> & Partial<Measured>,
): string[] {
  const seen = [
    ...(tcp?.sightings ?? []).map((s) => s.external.hostname),
    ...servers.reached.map((s) => s.mapped.hostname),
    ...dht.observations.map((o) => o.observed.hostname),
  ].filter((address) => addressFamily(address) === 4);
  const counts = new Map<string, number>();
  for (const address of seen) counts.set(address, (counts.get(address) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([address]) => address).slice(0, 8);
}

function notesOn({ dht, servers: { endpoints, reached, webOnly }, tcp }: Measured): string[] {
  const observers = new Set(reached.filter((s) => s.isObserver).map((s) => s.endpoint.hostname));
  const addresses = new Set(reached.map((s) => s.endpoint.hostname));
  const notes: [when: boolean, text: string][] = [
    [dht.ms === undefined, "no node of the DHT answers: UDP may be blocked"],
    [endpoints.length > 0 && reached.length === 0 && !webOnly, "no server answers over TCP"],
    [
      observers.size === 0 && !webOnly,
      "filtering is not known: there is no serving peer that could try to get in; name one with --stun HOST:PORT",
    ],
    [
      observers.size > 0 && tcp.nat.filtering === "unknown",
      "filtering is not known: the serving peers that were named did not try: they try public addresses only, and none too often",
    ],
    [
      observers.size > 0 && addresses.size < 2 && tcp.nat.filtering === "address",
      "one observer cannot tell address-dependent from endpoint-independent filtering: name a second one",
    ],
    [
      new Set(tcp.sightings.map((s) => s.external.hostname)).size > 1,
      "this network has several public addresses: which one a connection gets is not known",
    ],
  ];
  return notes.filter(([when]) => when).map(([, text]) => text);
}
