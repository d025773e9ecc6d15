/**
 * How peers find each other without a server: records and knocks in the BitTorrent DHT.
 *
 * @module
 */
import type { Identity } from "../identity/mod.ts";
import type { ServiceDescription } from "./publication.ts";
import type { Discovery as Contract, Publication, PublishOptions } from "./types.ts";

export { PUBLIC_BOOTSTRAP } from "./bootstrap.ts";
export { DhtDiscovery, type DiscoveryOptions, openDiscovery } from "./dht_discovery.ts";
export { MemoryDiscovery, MemoryHub, type MemoryHubOptions } from "./memory_discovery.ts";
export { DhtNode } from "./node.ts";
export type { DhtNodeOptions } from "./node_options.ts";
export type { ServiceDescription } from "./publication.ts";
export { decodeRecord, encodeRecord, MAX_RECORD_BYTES, MAX_RECORD_CANDIDATES } from "./record.ts";
export type * from "./types.ts";

/** How peers find each other. Implemented over the DHT, and in memory for tests. */
export interface Discovery extends Contract {
  /** Like the contract's, but the key for knocks is the publication's own and not to be described. */
  publish(
    identity: Identity,
    describe: () => ServiceDescription,
    options: PublishOptions,
  ): Promise<Publication>;
}
