/**
 * Whom a walk has heard of, and whom of them it is about.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { isNodeIdFor } from "./bep42.ts";
import { byDistance, CLOSEST_COUNT, distance, MAX_HOLDERS, operatorOf } from "./contacts.ts";
import type { Contact, Reply } from "./types.ts";

/** Of the nodes that a node named so many must have failed, and more than have answered, before its word counts for nothing. */
const MIN_BAD = 3;

/** What became of the nodes that one node named. */
interface Credit {
  good: number;
  bad: number;
}

/** A node that a walk has heard of. */
export interface ListedNode {
  readonly endpoint: Endpoint;
  /** Whose network it is in: one node of each counts. */
  readonly operator: string;
  /** Empty for a place to begin with whose id is not known yet. */
  distance: string;
  /** Whether its address may have its id (BEP 42). */
  fits: boolean;
  /** Of those who named it; none for what we knew ourselves. */
  readonly namedBy: Credit[];
  /** Its own, for whom it names. */
  readonly credit: Credit;
  /** Whether those who named it were blamed for its silence. */
  isBlamed: boolean;
  state: "fresh" | "asked" | "stalled" | "answered" | "dead";
  /** Asked for longer than others take: another is asked beside it, though it is still waited for. */
  isLate: boolean;
  askedAt: number;
  reply?: Reply;
}

/** All that a walk knows. */
export class Shortlist {
  readonly #target: Uint8Array;
  readonly #reach: string;
  /** How many the window has, where there are as many. */
  readonly count: number;
  /** Closest first. */
  #nodes: ListedNode[] = [];
  readonly #byEndpoint = new Map<string, ListedNode>();

  /**
   * @param reach How far from the target the closest eight are to be expected, as {@linkcode distance} writes it.
   * @param count How many are wanted.
   */
  constructor(target: Uint8Array, reach = "", count = CLOSEST_COUNT) {
    this.#target = target;
    this.#reach = reach;
    this.count = count;
  }

  /** Everybody, closest first. */
  get nodes(): readonly ListedNode[] {
    return this.#nodes;
  }

  /** The node at an endpoint, if it was heard of. */
  nodeAt(endpoint: Endpoint): ListedNode | undefined {
    return this.#byEndpoint.get(formatEndpoint(endpoint));
  }

  /** A place that we know ourselves, or that was named; each endpoint counts once, by the id that was said first. */
  add(place: Endpoint | Contact, by?: ListedNode): void {
    const key = formatEndpoint(place);
    const known = this.#byEndpoint.get(key);
    if (known) return void (by && known.state !== "answered" && vouch(known, by.credit));
    const id = "id" in place ? place.id : undefined;
    const node: ListedNode = {
      endpoint: { hostname: place.hostname, port: place.port },
      operator: operatorOf(place),
      distance: id ? distance(id, this.#target) : "",
      fits: id !== undefined && isNodeIdFor(place.hostname, id),
      namedBy: by ? [by.credit] : [],
      credit: { good: 0, bad: 0 },
      isBlamed: false,
      state: "fresh",
      isLate: false,
      askedAt: 0,
    };
    this.#byEndpoint.set(key, node);
    this.#insert(node);
  }

  /** A node has answered, and is where its own word puts it. We ourselves are nowhere. */
  answered(node: ListedNode, reply: Reply, isSelf: (contact: Contact) => boolean): void {
    const claimed = node.distance;
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
    node.distance = distance(reply.from.id, this.#target);
    node.fits = isNodeIdFor(reply.from.hostname, reply.from.id);
    node.reply = reply;
    judge(node, node.distance === claimed);
    if (!isSelf(reply.from)) this.#insert(node);
    for (const one of reply.nodes) if (!isSelf(one)) this.add(one, node);
  }

  /** A node takes longer than others, or does not answer at all. */
  failed(node: ListedNode): void {
    judge(node, false);
  }

  /**
   * Those that the walk is about, closest first, of all that are `hopeful`: the closest eight, and where more than eight are
   * as close as eight are to be expected, somebody may have moved in between: then those too.
   *
   * Only nodes whose ids fit their addresses (BEP 42) count, one of each network, since anybody can have any number of
   * others; these, and what was named only by nodes that mostly name nobody, fill places that are left.
   */
  window(hopeful: (node: ListedNode) => boolean): ListedNode[] {
    const nodes = this.#nodes.filter((node) => node.distance !== "" && hopeful(node));
    const { trusted, doubtful } = byTrust(nodes, (node) => node.fits && !isDiscredited(node));
    const near = trusted.filter((n, i) => i < this.count || i < MAX_HOLDERS && n.distance < this.#reach);
    return [...near, ...doubtful.slice(0, Math.max(0, this.count - near.length))];
  }

  #insert(node: ListedNode): void {
    const at = this.#nodes.findIndex((other) => other.distance > node.distance);
    this.#nodes.splice(at < 0 ? this.#nodes.length : at, 0, node);
  }
}

/** Of what has answered so far the eight replies that a walk would be about, closest first. */
export function closestReplies(replies: readonly Reply[], target: Uint8Array): Reply[] {
  const { trusted, doubtful } = sortReplies(
    replies.toSorted((a, b) => byDistance(target)(a.from, b.from)),
  );
  return [...trusted, ...doubtful].slice(0, CLOSEST_COUNT);
}

/** Of replies, closest first, those of nodes whose ids fit, one of each network; all where there are hardly any. */
export function trustedReplies(replies: readonly Reply[]): readonly Reply[] {
  const { trusted } = sortReplies(replies);
  return trusted.length >= CLOSEST_COUNT / 2 ? trusted : replies;
}

function sortReplies(replies: readonly Reply[]): { trusted: Reply[]; doubtful: Reply[] } {
  const nodes = replies.map((reply) => ({ reply, operator: operatorOf(reply.from) }));
  const { trusted, doubtful } = byTrust(
    nodes,
    ({ reply: { from, isOwn } }) => isOwn || isNodeIdFor(from.hostname, from.id),
  );
  return { trusted: trusted.map(({ reply }) => reply), doubtful: doubtful.map(({ reply }) => reply) };
}

/** Of nodes, closest first, those that fit, one of each network; and the others. */
function byTrust<T extends { readonly operator: string }>(
  nodes: readonly T[],
  fits: (node: T) => boolean,
): { trusted: T[]; doubtful: T[] } {
  const operators = new Set<string>();
  const [trusted, doubtful]: [T[], T[]] = [[], []];
  for (const node of nodes) {
    const isTrusted = fits(node) && !operators.has(node.operator);
    if (isTrusted) operators.add(node.operator);
    (isTrusted ? trusted : doubtful).push(node);
  }
  return { trusted, doubtful };
}

/** Another node has named it. */
function vouch(node: ListedNode, credit: Credit): void {
  node.namedBy.push(credit);
  if (node.isBlamed) credit.bad++;
}

/** Whoever named a node is judged by it: whether it answers, and as the one that it was said to be. */
function judge(node: ListedNode, isTrue: boolean): void {
  for (const credit of node.namedBy) {
    if (node.isBlamed) credit.bad--; // it was only late
    if (isTrue) credit.good++;
    else credit.bad++;
  }
  node.isBlamed = !isTrue;
}

/** Whether nobody of any credit has named it, and it has not spoken for itself. */
function isDiscredited({ namedBy, state }: ListedNode): boolean {
  return state !== "answered" && namedBy.length > 0 &&
    namedBy.every(({ good, bad }) => bad >= MIN_BAD && bad > good);
}
