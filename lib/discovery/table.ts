/**
 * The routing table: Kademlia's buckets by `k-bucket`, with BEP 5's rules for who may stay.
 *
 * @module
 */
import KBucket from "k-bucket";
import { equalBytes } from "../bytes.ts";
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { isNodeIdFor } from "./bep42.ts";
import type { Contact } from "./types.ts";

/** A node with what we know of its health. */
export interface TableNode extends Contact {
  /** When we last heard from it; by the node's clock. */
  seenAt: number;
  /** Whether it ever answered us. One that only asked may have forged its address. */
  confirmed: boolean;
  /** Questions in a row that it left unanswered. */
  failures: number;
}

/** Unanswered questions after which a node that once answered is dropped. */
const MAX_FAILURES = 2;
/** Contacts in a bucket: what `bittorrent-dht` uses; 8 would do for lookups, 20 survive more churn. */
const BUCKET_SIZE = 20;

/** Who is where in the id space. One contact for each id, and one for each endpoint. */
export class RoutingTable {
  readonly #buckets: KBucket;
  readonly #byEndpoint = new Map<string, TableNode>();
  /** Our own id. */
  readonly ownId: Uint8Array;

  /** @param ownId The table is finest around it. */
  constructor(ownId: Uint8Array) {
    this.ownId = ownId;
    this.#buckets = new KBucket({
      localNodeId: ownId,
      numberOfNodesPerKBucket: BUCKET_SIZE,
      numberOfNodesToPing: BUCKET_SIZE,
    });
    this.#buckets.on("ping", (bucket: TableNode[], newcomer: TableNode) => this.#replace(bucket, newcomer));
    this.#buckets.on("added", (node: TableNode) => this.#byEndpoint.set(formatEndpoint(node), node));
    this.#buckets.on("removed", (node: TableNode) => this.#byEndpoint.delete(formatEndpoint(node)));
  }

  /** Nodes in the table. */
  get size(): number {
    return this.#byEndpoint.size;
  }

  /** All nodes, in no order. */
  nodes(): TableNode[] {
    return [...this.#byEndpoint.values()];
  }

  /** The nodes closest to `target`, closest first; with `confirmed` only such that have answered. */
  closest(target: Uint8Array, count = Infinity, { confirmed = false } = {}): TableNode[] {
    // k-bucket visits the far buckets in a wrong order when it may stop early, so it must give all.
    const all: TableNode[] = this.#buckets.closest(target);
    return all.filter((node) => node.confirmed || !confirmed).slice(0, count);
  }

  /** Notes that a node was heard: it answered (`confirmed`), or only asked. */
  heard(contact: Contact, confirmed: boolean, now: number): void {
    if (equalBytes(contact.id, this.ownId)) return;
    const known = this.#byEndpoint.get(formatEndpoint(contact));
    if (known && equalBytes(known.id, contact.id)) return update(known, confirmed, now);
    // Who claims an endpoint or an id that another holds must first prove the endpoint.
    const holder = this.#buckets.get(contact.id) as TableNode | null;
    if (!confirmed && (known || holder)) return;
    if (holder && holder.failures === 0 && holder.confirmed) return;
    if (known) this.remove(known);
    if (holder) this.remove(holder);
    const { id, hostname, port } = contact;
    this.#buckets.add({ id: new Uint8Array(id), hostname, port, seenAt: now, confirmed, failures: 0 });
  }

  /** Notes that a node left a question unanswered; `drop` says whether that may cost it its place. */
  silent(endpoint: Endpoint, drop: boolean): void {
    const node = this.#byEndpoint.get(formatEndpoint(endpoint));
    if (!node) return;
    node.failures++;
    if (drop && (!node.confirmed || node.failures >= MAX_FAILURES)) this.remove(node);
  }

  /** Takes a node out. */
  remove(node: Contact): void {
    this.#buckets.remove(node.id);
  }

  /**
   * A bucket is full: the newcomer takes the place of one that failed or never answered, or, if its id fits its address
   * (BEP 42), of one whose id does not: those are free for whoever wants to fill tables. Else of none.
   */
  #replace(bucket: TableNode[], newcomer: TableNode): void {
    if (!newcomer.confirmed) return;
    const fits = (node: TableNode) => isNodeIdFor(node.hostname, node.id);
    const worst = bucket.find((node) => node.failures > 0) ?? bucket.find((node) => !node.confirmed) ??
      (fits(newcomer) ? bucket.find((node) => !fits(node)) : undefined);
    if (!worst) return;
    this.remove(worst);
    this.#buckets.add(newcomer);
  }
}

function update(node: TableNode, confirmed: boolean, now: number): void {
  node.seenAt = now;
  if (!confirmed) return;
  node.confirmed = true;
  node.failures = 0;
}
