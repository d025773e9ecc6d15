/**
 * What both roles need to be on the network: a place in the DHT.
 *
 * @module
 */
import { type Discovery, type DiscoveryOptions, openDiscovery, PUBLIC_BOOTSTRAP } from "./discovery/mod.ts";
import { parseHostPort } from "./endpoint.ts";
import type { OnProgress } from "./progress.ts";

/**
 * Public STUN servers that are known to answer over TCP, of different operators. They are asked only where the nodes of the
 * DHT leave open what our NAT does to TCP.
 */
export const PUBLIC_STUN: readonly string[] = [
  "turn.cloudflare.com:3478",
  "stun.nextcloud.com:443",
  "global.turn.twilio.com:3478",
  "stun.freeswitch.org:3478",
];

/** Options that `serve`, `dial` and `connect` share. */
export interface NetworkOptions {
  /**
   * Nodes of the DHT to start from, as `HOST:PORT`; an empty list starts a network of its own.
   * By default some well-known nodes of the public BitTorrent DHT.
   */
  readonly bootstrap?: readonly string[];
  /** File in which good nodes are kept between runs; without one, every start begins at the bootstrap nodes. */
  readonly knownNodesFile?: string;
  /**
   * STUN servers over TCP, or serving peers, as `HOST:PORT`; an empty list asks none. They are asked only where the DHT's
   * nodes leave open what our NAT does to TCP. By default some well-known public ones.
   */
  readonly stun?: readonly string[];
  /**
   * Whether the router may be asked to map our port (PCP, NAT-PMP, UPnP IGD), where we are behind one; the mapping ends with
   * us.
   *
   * @default {true}
   */
  readonly portMapping?: boolean;
  /** A discovery that is open already, in place of one of our own; it stays open. */
  readonly discovery?: Discovery;
  /** Told of every stage. */
  readonly onProgress?: OnProgress;
}

/** The discovery to use, and how to be done with it. */
export interface Network extends AsyncDisposable {
  readonly discovery: Discovery;
}

/**
 * Opens discovery, or takes the one that the options bring. Who comes and goes is `readOnly` (BEP 43): else a dead
 * entry would be left of him in the tables of others.
 * Throws `SyntaxError` for a bootstrap node that is no `HOST:PORT`, `Deno.errors.AddrInUse` for a port in use.
 */
export async function openNetwork(
  options: NetworkOptions,
  node: Pick<DiscoveryOptions, "port" | "readOnly">,
): Promise<Network> {
  if (options.discovery) {
    return { discovery: options.discovery, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const discovery = await openDiscovery({
    ...node,
    bootstrap: options.bootstrap?.map(parseHostPort) ?? PUBLIC_BOOTSTRAP,
    ...(options.knownNodesFile ? { knownNodesFile: options.knownNodesFile } : {}),
  });
  return { discovery, [Symbol.asyncDispose]: () => discovery.close() };
}

/** Longer than it takes to reach the nodes of the list from anywhere, so that silence means something. */
const OFFLINE_AFTER_MS = 3000;

/** Reports once when a node of the DHT answers, and before that once if none has for some seconds. */
export function reportOnline(discovery: Discovery, report: OnProgress): Disposable {
  const start = performance.now();
  const over = new AbortController();
  const sinceStart = () => performance.now() - start;
  const tell = () => report({ type: "offline", ms: sinceStart(), unresolved: discovery.unresolved() });
  const timer = setTimeout(tell, OFFLINE_AFTER_MS);
  discovery.online({ signal: over.signal }).then(
    () => report({ type: "online", ms: sinceStart() }),
    () => {}, // whoever waits for more than a report has asked for himself
  ).finally(() => clearTimeout(timer));
  return { [Symbol.dispose]: () => over.abort() };
}
