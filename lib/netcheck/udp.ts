/**
 * What the NAT does to UDP: nodes of the DHT say how they see a fresh socket, observers send a datagram to it.
 *
 * @module
 */
import { createSocket, type Socket } from "node:dgram";
import { newTransactionId } from "../candidates/mod.ts";
import { probeDatagram, type ProbeOutcome } from "../check/mod.ts";
import { decodePong, encodePing, type Observation } from "../discovery/mod.ts";
import type { Endpoint } from "../endpoint.ts";
import type { Filtering, Mapping } from "../nat.ts";
import { classifyFiltering } from "./filtering.ts";
import { classifyMapping } from "./mapping.ts";
import { askFrom, type Server } from "./servers.ts";

/** A node that does not answer twice within this is none. */
const PONG_MS = 800;
const RESEND_MS = 300;
/** From the observer's word that the datagram has left: it may have been on a longer way than the word. */
const ARRIVAL_MS = 500;
const MAX_NODES = 4;

/** What is found out. */
export interface UdpReport {
  /** How external ports are allotted. */
  readonly mapping: Mapping;
  /** Who gets in at a mapped port. */
  readonly filtering: Filtering;
}

/** A socket that sends from one port of this machine and remembers nothing. */
class ScratchSocket implements AsyncDisposable {
  readonly #socket: Socket = createSocket("udp4");
  readonly #listeners = new Set<(data: Uint8Array) => void>();

  /** Rejects where the system has no socket for us. */
  static async open(): Promise<ScratchSocket> {
    const scratch = new ScratchSocket();
    await new Promise<void>((resolve, reject) => {
      scratch.#socket.once("error", reject);
      scratch.#socket.bind(0, "0.0.0.0", () => resolve());
    });
    return scratch;
  }

  private constructor() {
    this.#socket.on("error", () => {}); // ICMP; whoever waits for an answer times out
    this.#socket.on("message", (data: Uint8Array) => {
      const copy = Uint8Array.from(data.subarray(0, 2000));
      queueMicrotask(() => this.#listeners.forEach((listener) => listener(copy)));
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(data: Uint8Array, { hostname, port }: Endpoint) {
    try {
      this.#socket.send(data, port, hostname, () => {});
    } catch { /* lost, as datagrams may be */ }
  }

  /** The first datagram for which `read` gives something; absent after `timeoutMs`. */
  receive<T>(
    read: (data: Uint8Array) => T | null,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    return new Promise((resolve) => {
      const finish = (result?: T) => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        signal.removeEventListener("abort", abort);
        resolve(result);
      };
      const listener = (data: Uint8Array) => {
        const result = read(data);
        if (result !== null) finish(result);
      };
      const abort = () => finish();
      const timer = setTimeout(abort, timeoutMs);
      signal.addEventListener("abort", abort);
      this.#listeners.add(listener);
      if (signal.aborted) abort();
    });
  }

  async [Symbol.asyncDispose]() {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}

/** How a node sees `socket`. */
async function sightedBy(
  node: Endpoint,
  socket: ScratchSocket,
  signal: AbortSignal,
): Promise<Endpoint | undefined> {
  const [transactionId] = crypto.getRandomValues(new Uint16Array(1)) as unknown as [number];
  const send = () => socket.send(encodePing(transactionId), node);
  const timer = setInterval(send, RESEND_MS); // a datagram may get lost
  send();
  try {
    return await socket.receive((data) => decodePong(data, transactionId), PONG_MS, signal);
  } finally {
    clearInterval(timer);
  }
}

/** What {@linkcode measureUdp} works with. */
export interface UdpOptions {
  /** What nodes have said of our DHT socket: they are alive, and say how they see us. */
  readonly observations: readonly Observation[];
  readonly servers: readonly Server[];
  /** This machine's addresses. */
  readonly own: readonly string[];
  readonly signal: AbortSignal;
}

/** Finds out what it can until the signal aborts; `unknown` is what it cannot. Never rejects. */
export async function measureUdp(options: UdpOptions): Promise<UdpReport> {
  const [mapping, filtering] = await Promise.all([
    udpMapping(options).catch((): Mapping => "unknown"),
    udpFiltering(options).catch((): Filtering => "unknown"),
  ]);
  return { mapping, filtering };
}

async function udpMapping({ observations, own, signal }: UdpOptions): Promise<Mapping> {
  await using socket = await ScratchSocket.open();
  const nodes = distinctHosts(observations).slice(0, MAX_NODES);
  const atMs = performance.now();
  const sightings = await Promise.all(nodes.map(async (node) => {
    const external = await sightedBy(node, socket, signal);
    return external && { localPort: socket.port, destination: node.hostname, external, atMs };
  }));
  return classifyMapping(sightings.filter((s) => s !== undefined), own).mapping;
}

async function udpFiltering({ observations, servers, signal }: UdpOptions): Promise<Filtering> {
  const observer = servers.find((server) => server.isObserver);
  if (!observer) return "unknown";
  const others = distinctHosts(observations).filter((n) => n.hostname !== observer.endpoint.hostname);
  const [otherAddress, otherPort] = await Promise.all([
    tryIn(observer, others, false, signal),
    tryIn(observer, others, true, signal),
  ]);
  return classifyFiltering({ otherAddress, otherPort });
}

/** Whether the observer's datagram arrives at a socket that has contacted others, and perhaps the observer. */
async function tryIn(
  { endpoint }: Server,
  nodes: readonly Endpoint[],
  contactIt: boolean,
  signal: AbortSignal,
): Promise<ProbeOutcome | undefined> {
  await using socket = await ScratchSocket.open();
  const [node] = nodes;
  if (contactIt) socket.send(encodePing(0), endpoint);
  const external = node && await sightedBy(node, socket, signal);
  if (!external) return undefined;
  const transactionId = newTransactionId();
  const wanted = probeDatagram(transactionId).toHex();
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const arrival = socket.receive((data) => data.toHex() === wanted ? true : null, 60_000, until);
  try {
    const probe = { transport: "udp", port: external.port } as const;
    const outcome = await askFrom(endpoint, { probe, transactionId, signal, seenFrom: external.hostname });
    if (outcome !== "sent") return undefined;
    const timer = setTimeout(() => over.abort(), ARRIVAL_MS);
    return await arrival.finally(() => clearTimeout(timer)) ? "in" : "silence";
  } catch {
    return undefined;
  } finally {
    over.abort();
    await arrival;
  }
}

/** One node of each address, since a NAT may treat ports of one address alike. */
function distinctHosts(observations: readonly Observation[]): Endpoint[] {
  return [...new Map(observations.map(({ observer }) => [observer.hostname, observer])).values()];
}
