import type { Endpoint } from "../endpoint.ts";
import { type Mapping, type Nat, natOf, type PortRange, type PortSequence } from "../nat.ts";

/** How one server saw one connection of ours. */
export interface Sighting {
  readonly localPort: number;
  /** The server's address. */
  readonly destination: string;
  readonly external: Endpoint;
  /** When its SYN left. */
  readonly atMs: number;
}

/** Fewer different ports than this say nothing about the order behind them: four rise by chance once in 24 times. */
const MIN_PORTS = 5;
/** Between two of our flows: more flows of others than this within one burst make a sequence useless anyhow. */
const MAX_GAP = 64;
/** What carriers give a customer; more cannot be swept in time. */
const MIN_BLOCK = 64;
const MAX_BLOCK = 2048;
const BLOCK_ORIGINS: readonly number[] = [0, 1024];
/** Of the range that a span of draws makes likely, so much is asked for. */
const LIKELY_SHARE = 0.75;

/** Finds how external ports are allotted, from sightings in the order of their SYNs. */
export function classifyMapping(sightings: readonly Sighting[], own: readonly string[]): Nat {
  if (sightings.length === 0) return natOf("unknown");
  if (sightings.every((s) => own.includes(s.external.hostname))) return natOf("open");
  const ports = groupsOf(sightings);
  // One port seen at several addresses: which one a destination will see is anybody's guess.
  if (ports.some((group) => new Set(group.map((s) => s.external.hostname)).size > 1)) {
    return natOf("dependent");
  }
  if (sightings.every((s) => s.external.port === s.localPort)) return natOf("preserving");
  if (ports.every((group) => new Set(group.map((s) => s.external.port)).size === 1)) {
    return natOf(
      ports.some((group) => new Set(group.map((s) => s.destination)).size > 1) ? "independent" : "unknown",
    );
  }
  return classifyAllotment([...sightings].sort((a, b) => a.atMs - b.atMs));
}

function groupsOf(sightings: readonly Sighting[]): Sighting[][] {
  return [...Map.groupBy(sightings, (s) => s.localPort).values()];
}

/** Each destination sees another port: by which rule? */
function classifyAllotment(sightings: readonly Sighting[]): Nat {
  const ports = sightings.map((s) => s.external.port);
  if (new Set(ports).size < MIN_PORTS) return natOf("dependent");
  const sequence = sequenceOf(sightings);
  if (sequence) return natOf("sequential", { sequence });
  const block = blockOf(ports);
  return block ? natOf("block", { block }) : natOf("random" satisfies Mapping);
}

/** A sequence goes one way only, in small steps; what others took in between makes some of them larger. */
function sequenceOf(sightings: readonly Sighting[]): PortSequence | undefined {
  const ports = sightings.map((s) => s.external.port);
  const gaps = ports.slice(1).map((port, i) => port - ports[i]!);
  const way = Math.sign(gaps[0]!);
  if (!gaps.every((gap) => Math.sign(gap) === way && Math.abs(gap) <= MAX_GAP)) return undefined;
  const step = way * Math.min(...gaps.map(Math.abs));
  const others = gaps.reduce((sum, gap) => sum + gap, 0) / step - gaps.length;
  const seconds = Math.max(sightings.at(-1)!.atMs - sightings[0]!.atMs, 1) / 1000;
  const next = ports.at(-1)! + step;
  if (next < 1 || next > 65535) return undefined;
  return { next, step, rate: Math.min(Math.max(Math.round(others / seconds), 0), 99_999) };
}

/**
 * The smallest power of two that is likely to be the block: carriers cut the ports into such blocks from 0 on, or from 1024.
 * Where none fits, the least range that holds every block of {@linkcode MAX_BLOCK} that it may be.
 */
function blockOf(ports: readonly number[]): PortRange | undefined {
  const least = Math.min(...ports), most = Math.max(...ports), n = ports.length;
  // n draws span (n − 1) / (n + 1) of their range on average: one hardly larger than what was seen is not believed.
  const likely = LIKELY_SHARE * (most - least) * (n + 1) / (n - 1);
  for (let size = MIN_BLOCK; size <= MAX_BLOCK; size *= 2) {
    const first = BLOCK_ORIGINS.map((origin) => origin + Math.floor((least - origin) / size) * size)
      .find((first) => size >= likely && most < first + size);
    if (first !== undefined) return { first: Math.max(first, 1), last: Math.min(first + size - 1, 65535) };
  }
  if (most - least >= MAX_BLOCK) return undefined;
  return { first: Math.max(most - MAX_BLOCK + 1, 1), last: Math.min(least + MAX_BLOCK - 1, 65535) };
}
